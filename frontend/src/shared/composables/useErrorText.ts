import { useI18n } from "vue-i18n";
import { toApiError } from "@/shared/api";

/** Says a failure in the reader's language where its code is known, else in the server's own words. */
export function useErrorText(): (thrown: unknown) => string {
  const { t, te, locale } = useI18n();
  return (thrown) => {
    const error = toApiError(thrown);
    const key = `errors.${error.code.replaceAll(".", "_")}`;
    const known = te(key) || te(key, "en");
    if (known && (locale.value !== "en" || !error.detail)) return t(key);
    return error.detail || t("errors.unexpected", { code: error.code });
  };
}
