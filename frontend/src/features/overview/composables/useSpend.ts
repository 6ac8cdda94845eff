import { useNow } from "@vueuse/core";
import { computed, ref } from "vue";
import { presetRange, sumBy, useSummary, type UsageRow } from "@/features/usage";
import { compareCredits, dayText, startOfDay, sumCredits, toNano } from "@/shared/format";
import { usePreferences } from "@/shared/preferences";

export type Resolution = "day" | "hour";

/** Adds up the rows whose bucket begins on one of the days from `first` on, before `end`. */
function between(rows: readonly UsageRow[], first: string, end: string): string {
  return sumCredits(rows.filter((row) => day(row) >= first && day(row) < end).map((row) => row.credits));
}

const day = (row: UsageRow): string => row.group.id.slice(0, 10);

/** The figures of the overview: one question by day and model answers nearly all of it. */
export function useSpend() {
  const preferences = usePreferences();
  const now = useNow({ interval: 60_000 });
  const hour = computed(() => Math.floor(now.value.getTime() / 3_600_000) * 3_600_000);
  const resolution = ref<Resolution>("day");

  const question = (preset: "30d" | "24h", group: Resolution) =>
    computed(() => {
      const range = presetRange(preset, preferences.zone, new Date(hour.value));
      return {
        from: range.from.toISOString(),
        to: range.to.toISOString(),
        tz: preferences.zone,
        group_by: group,
        split_by: "model" as const,
      };
    });
  const daily = useSummary(question("30d", "day"));
  const hourly = useSummary(question("24h", "hour"), () => resolution.value === "hour");
  const rows = computed(() => daily.data.value?.items ?? []);

  const spend = computed(() => {
    const at = (days: number): string =>
      dayText(startOfDay(new Date(hour.value), preferences.zone, days), preferences.zone);
    return {
      today: between(rows.value, at(0), at(1)),
      yesterday: between(rows.value, at(-1), at(0)),
      week: between(rows.value, at(-6), at(1)),
      weekBefore: between(rows.value, at(-13), at(-6)),
      month: daily.data.value?.total.credits ?? "0",
    };
  });
  const models = computed(() => sumBy(rows.value, "split").toSorted((a, b) => compareCredits(a.credits, b.credits)));

  return {
    resolution,
    daily,
    chart: computed(() => (resolution.value === "hour" ? hourly : daily)),
    spend,
    models,
    total: computed(() => daily.data.value?.total),
  };
}

/** The change from one amount to another as a share of the first; undefined where there was nothing before. */
export function changeOf(before: string, after: string): number | undefined {
  const from = toNano(before);
  return from === 0n ? undefined : Number(((toNano(after) - from) * 1000n) / from) / 1000;
}
