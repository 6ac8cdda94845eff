import { useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import { fetchAnyKeyLimits, fetchKeyLimits, setKeyLimits } from "../api";
import type { KeyLimitsChange } from "../types";
import { useAction } from "@/shared/composables";

const AGAIN_MS = 10_000;

/** What limits a key and what is left of it; asked again while it is looked at. */
export function useKeyLimits(id: MaybeRefOrGetter<string>, asAdmin: MaybeRefOrGetter<boolean>) {
  const { t } = useI18n();
  const limits = useQuery({
    queryKey: computed(() => ["keys", toValue(id), "limits", toValue(asAdmin)]),
    queryFn: () => (toValue(asAdmin) ? fetchAnyKeyLimits(toValue(id)) : fetchKeyLimits(toValue(id))),
    enabled: computed(() => !!toValue(id)),
    refetchInterval: AGAIN_MS,
  });
  const save = useAction((body: KeyLimitsChange) => setKeyLimits(toValue(id), body), {
    done: () => t("keys.limits.saved"),
    refresh: [["keys"]],
    quiet: true,
  });
  return { limits, save };
}
