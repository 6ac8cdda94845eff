import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import * as calls from "../api";
import type { Alert, NewThreshold, ThresholdChange, ThresholdTrial } from "../types";
import { useSession } from "@/features/accounts";
import { useAction, usePages } from "@/shared/composables";

/** What the reader wants to be told of in the workspace on the screen, and what came of it. */
export function useAlerts() {
  const { t } = useI18n();
  const session = useSession();
  const key = computed(() => ["alerts", session.workspace?.id]);
  const refresh = [["alerts"]];
  return {
    manages: computed(() => ["manager", "owner"].includes(session.workspace?.role ?? "")),
    thresholds: useQuery({
      queryKey: computed(() => [...key.value, "thresholds"]),
      queryFn: calls.listThresholds,
      enabled: () => !!session.workspace,
    }),
    alerts: usePages<Alert>(
      computed(() => [...key.value, "fired"]),
      calls.listAlerts,
      { enabled: () => !!session.workspace },
    ),
    create: useAction((body: NewThreshold) => calls.setThreshold(body), {
      done: () => t("notifications.thresholdSaved"),
      refresh,
      quiet: true,
    }),
    change: useAction((input: { id: string; body: ThresholdChange }) => calls.changeThreshold(input.id, input.body), {
      done: () => t("notifications.thresholdSaved"),
      refresh,
      quiet: true,
    }),
    remove: useAction((id: string) => calls.removeThreshold(id), {
      done: () => t("notifications.thresholdRemoved"),
      refresh,
    }),
  };
}

/** When a threshold would have fired in the last month; asked anew whenever the trial changes. */
export function useTrial(trial: Ref<ThresholdTrial | undefined>) {
  const session = useSession();
  return useQuery({
    queryKey: computed(() => ["alerts", session.workspace?.id, "trial", trial.value]),
    queryFn: () => (trial.value ? calls.tryThreshold(trial.value) : Promise.reject(new Error("nothing to try"))),
    enabled: () => !!trial.value,
    placeholderData: keepPreviousData,
    retry: false,
  });
}
