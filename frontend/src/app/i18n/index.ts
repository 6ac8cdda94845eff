import { createI18n } from "vue-i18n";
import { watchEffect } from "vue";
import { features } from "../features";
import { en } from "./en";
import { zh } from "./zh";
import * as shared from "@/shared/i18n";
import { usePreferences } from "@/shared/preferences";

/** All words of the portal: the app's own, the shared ones and those of each feature. */
export const messages = {
  en: Object.assign({}, shared.messages.en, en, ...features.map((feature) => feature.messages.en)),
  zh: Object.assign({}, shared.messages.zh, zh, ...features.map((feature) => feature.messages.zh)),
};

/** What vue-i18n takes; spelling out every key of every feature would only tire the type checker. */
interface Dictionary {
  [key: string]: string | Dictionary;
}

export const i18n = createI18n({
  legacy: false,
  locale: "en" as string,
  fallbackLocale: "en",
  messages: messages as Record<string, Dictionary>,
});

export function followPreferences(): void {
  const preferences = usePreferences();
  watchEffect(() => (i18n.global.locale.value = preferences.locale));
}
