import { useQuery } from "@tanstack/vue-query";
import { useNow } from "@vueuse/core";
import { computed } from "vue";
import { fetchAdminOverview } from "../api";
import { presetRange } from "@/features/usage";
import { daysBetween } from "@/shared/format";
import { usePreferences } from "@/shared/preferences";

/** The whole installation at a glance, over the last 30 days. */
export function useAdminOverview() {
  const preferences = usePreferences();
  const now = useNow({ interval: 60_000 });
  const hour = computed(() => Math.floor(now.value.getTime() / 3_600_000) * 3_600_000);
  const range = computed(() => presetRange("30d", preferences.zone, new Date(hour.value)));
  const query = computed(() => ({
    from: range.value.from.toISOString(),
    to: range.value.to.toISOString(),
    tz: preferences.zone,
  }));
  const answer = useQuery({
    queryKey: computed(() => ["admin", "overview", query.value]),
    queryFn: () => fetchAdminOverview(query.value),
    refetchInterval: 30_000,
  });
  return {
    answer,
    buckets: computed(() => daysBetween(range.value.from, range.value.to, preferences.zone).map((id) => ({ id }))),
    /** Days are named by their date alone, so that those without usage can stand between them. */
    days: computed(() =>
      (answer.data.value?.by_day ?? []).map((row) => ({
        ...row,
        group: { ...row.group, id: row.group.id.slice(0, 10) },
      })),
    ),
  };
}
