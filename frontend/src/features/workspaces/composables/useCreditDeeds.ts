import { toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import { expireGrant, reverseEntry, voidGrant } from "../api";
import { useAction } from "@/shared/composables";

const AFTER = [["admin", "workspaces"], ["credits"], ["subscription"], ["admin", "overview"]];

export type GrantDeed = "void" | "expire";

/** What an administrator takes back: the rest of a grant, or an entry of the ledger. */
export function useCreditDeeds(id: MaybeRefOrGetter<string>) {
  const { t } = useI18n();
  const end = useAction(
    ({ deed, grantId, reason }: { deed: GrantDeed; grantId: string; reason: string }) =>
      (deed === "void" ? voidGrant : expireGrant)(toValue(id), grantId, reason),
    { done: (_, { deed }) => t(`workspaces.grantDeeds.${deed}.done`), refresh: AFTER, quiet: true },
  );
  const reverse = useAction(
    (input: { seq: number; reason: string }) => reverseEntry(toValue(id), input.seq, input.reason),
    { done: () => t("workspaces.reverse.done"), refresh: AFTER, quiet: true },
  );
  return { end, reverse };
}
