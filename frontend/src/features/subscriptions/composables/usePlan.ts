import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { applyChange, fetchPlan, fetchWhatIf, keepPlan, listOffers, listPeriods, previewChange } from "../api";
import type { Question } from "../types";
import { useSession } from "@/features/accounts";
import { useAction, usePages } from "@/shared/composables";

/** The plan of the workspace on the screen; null if it never had one. */
export function usePlan() {
  const session = useSession();
  return useQuery({ queryKey: computed(() => ["subscription", session.workspace?.id, "plan"]), queryFn: fetchPlan });
}

/** What can be chosen. */
export function useOffers() {
  const session = useSession();
  return useQuery({ queryKey: computed(() => ["packages", session.workspace?.id]), queryFn: listOffers });
}

/** What other plans would have come to on one's own last three months. */
export function useWhatIf() {
  const session = useSession();
  return useQuery({
    queryKey: computed(() => ["subscription", session.workspace?.id, "what-if"]),
    queryFn: fetchWhatIf,
  });
}

/** What each reset wrote. */
export function usePeriods() {
  const session = useSession();
  return usePages(
    computed(() => ["subscription", session.workspace?.id, "periods"]),
    listPeriods,
    { limit: 25 },
  );
}

/** Changes of one's own plan: shown first, then carried out as they were shown. */
export function usePlanChange() {
  const { t } = useI18n();
  const refresh = [["subscription"], ["credits"], ["packages"], ["admin", "subscriptions"]];
  return {
    preview: useAction((question: Question) => previewChange(question), { quiet: true }),
    apply: useAction(
      (input: { action: Question["action"]; previewId: string; reason: string }) =>
        applyChange(input.action, input.previewId),
      { refresh, quiet: true },
    ),
    keep: useAction(() => keepPlan(), { done: () => t("subscriptions.kept"), refresh }),
  };
}
