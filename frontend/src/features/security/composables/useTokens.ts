import { useI18n } from "vue-i18n";
import { issueToken, listTokens, revokeToken } from "../api";
import type { NewToken } from "../types";
import { useAction, usePages } from "@/shared/composables";

const KEY = ["access-tokens"];

/** Tokens with which one's scripts act. */
export function useTokens() {
  const { t } = useI18n();
  const pages = usePages(KEY, listTokens);
  const issue = useAction((token: NewToken) => issueToken(token), { refresh: [KEY], quiet: true });
  const revoke = useAction((id: string) => revokeToken(id), {
    done: () => t("security.tokens.revoked"),
    refresh: [KEY],
    quiet: true,
  });
  return { pages, issue, revoke };
}
