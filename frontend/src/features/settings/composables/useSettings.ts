import { useQuery } from "@tanstack/vue-query";
import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import { changeSettings, fetchSettings } from "../api";
import type { Setting, SettingValue } from "../types";
import { useAction } from "@/shared/composables";

const KEY = ["admin", "settings"];

/** All settings, and what the reader has changed but not saved. */
export function useSettings() {
  const { t } = useI18n();
  const query = useQuery({ queryKey: KEY, queryFn: fetchSettings });
  const drafts = ref<Record<string, SettingValue | null>>({});
  const items = computed<Setting[]>(() => query.data.value?.items ?? []);
  const groups = computed(() => [...new Set(items.value.map((one) => one.group))]);
  const save = useAction(
    () =>
      changeSettings({
        changes: items.value
          .filter((one) => one.name in drafts.value)
          .map((one) => ({ name: one.name, value: drafts.value[one.name] ?? null, revision: one.revision })),
      }),
    { done: () => t("settings.saved"), refresh: [KEY], quiet: true, onDone: () => (drafts.value = {}) },
  );

  function valueOf(setting: Setting): SettingValue {
    const draft = drafts.value[setting.name];
    return draft === undefined ? setting.value : (draft ?? setting.default);
  }

  function change(setting: Setting, value: SettingValue | null): void {
    const others = Object.entries(drafts.value).filter(([name]) => name !== setting.name);
    const same = value !== null && !setting.is_default && JSON.stringify(value) === JSON.stringify(setting.value);
    const still = setting.is_default && (value === null || JSON.stringify(value) === JSON.stringify(setting.default));
    drafts.value = Object.fromEntries(same || still ? others : [...others, [setting.name, value]]);
  }

  return {
    query,
    items,
    groups,
    drafts,
    save,
    valueOf,
    change,
    changed: computed(() => Object.keys(drafts.value).length),
    discard: () => {
      drafts.value = {};
      save.reset();
    },
  };
}
