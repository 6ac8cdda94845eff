import { computed, type ComputedRef } from "vue";
import { createFormat, type Format } from "@/shared/format";
import { usePreferences } from "@/shared/preferences";

/** The formatters for this reader; they follow a change of language or zone. */
export function useFormat(): ComputedRef<Format> {
  const preferences = usePreferences();
  return computed(() => createFormat(preferences.locale, preferences.zone));
}
