import { usePreferredDark, useLocalStorage } from "@vueuse/core";
import { defineStore } from "pinia";
import { computed, watchEffect } from "vue";
import { browserZone, isZone } from "@/shared/format";

export type Theme = "system" | "light" | "dark";
export type Locale = "en" | "zh";

export const LOCALES: readonly Locale[] = ["en", "zh"];

function browserLocale(): Locale {
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** How this reader wants to see things. The account's language and zone come in at sign-in. */
export const usePreferences = defineStore("preferences", () => {
  const json = { serializer: { read: JSON.parse, write: JSON.stringify } };
  const theme = useLocalStorage<Theme>("ccm.theme", "system", json);
  const locale = useLocalStorage<Locale>("ccm.locale", browserLocale(), json);
  const zone = useLocalStorage<string>("ccm.zone", browserZone(), json);
  const prefersDark = usePreferredDark();
  const dark = computed(() => theme.value === "dark" || (theme.value === "system" && prefersDark.value));

  function adopt(account: { locale: string; time_zone: string }): void {
    locale.value = account.locale === "zh" ? "zh" : "en";
    if (isZone(account.time_zone)) zone.value = account.time_zone;
  }

  /** Keeps the document in step: colour scheme (at once, since charts read the colours from it) and language. */
  function applyToDocument(): void {
    watchEffect(() => document.documentElement.classList.toggle("dark", dark.value), { flush: "sync" });
    watchEffect(() => (document.documentElement.lang = locale.value === "zh" ? "zh-CN" : "en"));
  }

  return { theme, locale, zone, dark, adopt, applyToDocument };
});
