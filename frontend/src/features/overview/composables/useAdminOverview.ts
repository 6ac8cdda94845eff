import { useQuery } from "@tanstack/vue-query";
import { useNow } from "@vueuse/core";
import { computed } from "vue";
import { fetchAdminOverview } from "../api";
import { presetRange } from "@/features/usage";
import { usePreferences } from "@/shared/preferences";

/** The whole installation at a glance, over the last 30 days. */
export function useAdminOverview() {
  const preferences = usePreferences();
  const now = useNow({ interval: 60_000 });
  const query = computed(() => {
    const hour = new Date(Math.floor(now.value.getTime() / 3_600_000) * 3_600_000);
    const range = presetRange("30d", preferences.zone, hour);
    return { from: range.from.toISOString(), to: range.to.toISOString(), tz: preferences.zone };
  });
  return useQuery({
    queryKey: computed(() => ["admin", "overview", query.value]),
    queryFn: () => fetchAdminOverview(query.value),
    refetchInterval: 30_000,
  });
}
