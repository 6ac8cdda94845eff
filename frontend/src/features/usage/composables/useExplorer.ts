import { useNow } from "@vueuse/core";
import { computed } from "vue";
import { useRoute, useRouter } from "vue-router";
import { customRange, daysOf, presetRange, PRESETS, type Preset, type RangeName } from "../range";
import { isTimeGroup, MEASURES, THING_GROUPS, TIME_GROUPS, type Group, type Measure, type ThingGroup } from "../types";
import { isZone } from "@/shared/format";
import { usePreferences } from "@/shared/preferences";

function among<T extends string>(values: readonly T[], wanted: unknown, otherwise: T): T {
  return values.find((value) => value === wanted) ?? otherwise;
}

const GROUPS: readonly Group[] = [...TIME_GROUPS, ...THING_GROUPS];
const SPLITS: readonly (ThingGroup | "none")[] = ["none", ...THING_GROUPS];

/** Changes of the address take turns, since each builds on the one before. */
let turn: Promise<unknown> = Promise.resolve();

/** What the explorer shows. It lives in the address, so that a view can be kept, shared and gone back to. */
export function useExplorer() {
  const route = useRoute();
  const router = useRouter();
  const preferences = usePreferences();
  const now = useNow({ interval: 60_000 });

  const text = (name: string): string => (typeof route.query[name] === "string" ? route.query[name] : "");
  function set(changes: Record<string, string | undefined>): void {
    turn = turn.then(() => router.replace({ query: { ...route.query, ...changes } }));
  }
  function field<T extends string>(name: string, read: (value: string) => T, standard: T) {
    return computed<T>({
      get: () => read(text(name)),
      set: (value) => set({ [name]: value === standard ? undefined : value }),
    });
  }

  const rangeName = field<RangeName>("range", (value) => among([...PRESETS, "custom"], value, "30d"), "30d");
  const zone = field("zone", (value) => (value && isZone(value) ? value : preferences.zone), preferences.zone);
  const group = field<Group>("group", (value) => among(GROUPS, value, "day"), "day");
  const split = field("split", (value) => among(SPLITS, value, "model"), "model");
  const measure = field<Measure>("measure", (value) => among(MEASURES, value, "credits"), "credits");

  const hour = computed(() => Math.floor(now.value.getTime() / 3_600_000));
  const range = computed(() => {
    const at = new Date(hour.value * 3_600_000);
    const preset: Preset = rangeName.value === "custom" ? "30d" : rangeName.value;
    const custom = rangeName.value === "custom" && customRange(text("from"), text("to"), zone.value);
    return custom || presetRange(preset, zone.value, at);
  });
  const days = computed(() => daysOf(range.value, zone.value));

  const plain = (name: string) => field(name, (value) => value, "");
  const model = plain("model");
  const key = plain("key");
  const project = plain("project");

  const stretch = computed(() => ({
    from: range.value.from.toISOString(),
    to: range.value.to.toISOString(),
  }));
  const filters = computed(() => ({
    model: model.value || undefined,
    key_id: key.value || undefined,
    project: project.value || undefined,
  }));
  const effectiveSplit = computed(() => (split.value === group.value ? "none" : split.value));
  const question = computed(() => ({
    ...stretch.value,
    ...filters.value,
    tz: zone.value,
    group_by: group.value,
    split_by: effectiveSplit.value === "none" ? undefined : effectiveSplit.value,
  }));

  return {
    rangeName,
    zone,
    group,
    split: effectiveSplit,
    measure,
    range,
    days,
    model,
    key,
    project,
    stretch,
    filters,
    question,
    filtered: computed(() => Object.values(filters.value).some(Boolean)),
    overTime: computed(() => isTimeGroup(group.value)),
    setSplit: (value: ThingGroup | "none") => (split.value = value),
    setDays: (first: string, last: string) => set({ range: "custom", from: first, to: last }),
    clearFilters: () => set({ model: undefined, key: undefined, project: undefined }),
  };
}
