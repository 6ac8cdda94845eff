export { LOCALES, usePreferences, type Locale, type Theme } from "./store";
