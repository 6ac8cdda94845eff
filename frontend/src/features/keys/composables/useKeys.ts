import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { disableKey, enableKey, issueKey, listKeys, revokeKey, rotateKey, updateKey } from "../api";
import type { ApiKey, KeyChange, KeyIssue } from "../types";
import { useSession } from "@/features/accounts";
import { useAction, usePages } from "@/shared/composables";

/** The API keys of the workspace on the screen. */
export function useKeys(options: { limit?: number } = {}) {
  const session = useSession();
  const key = computed(() => ["keys", session.workspace?.id]);
  const pages = usePages<ApiKey>(key, listKeys, { limit: options.limit, enabled: () => !!session.workspace });
  return { pages };
}

/** What can be done with a key. The answers of `issue` and `rotate` hold the secret, once. */
export function useKeyActions() {
  const { t } = useI18n();
  const refresh = [["keys"]];
  return {
    issue: useAction(
      (input: { body: KeyIssue; idempotencyKey: string }) => issueKey(input.body, input.idempotencyKey),
      {
        refresh,
        quiet: true,
      },
    ),
    update: useAction((input: { id: string; body: KeyChange }) => updateKey(input.id, input.body), {
      done: () => t("keys.renamed"),
      refresh,
      quiet: true,
    }),
    rotate: useAction((input: { id: string; overlap: number }) => rotateKey(input.id, input.overlap), {
      refresh,
      quiet: true,
    }),
    disable: useAction((id: string) => disableKey(id), { done: () => t("keys.disabled"), refresh }),
    enable: useAction((id: string) => enableKey(id), { done: () => t("keys.enabled"), refresh }),
    revoke: useAction((id: string) => revokeKey(id), { done: () => t("keys.revoked"), refresh, quiet: true }),
  };
}
