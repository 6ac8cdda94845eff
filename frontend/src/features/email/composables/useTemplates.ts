import { useQuery } from "@tanstack/vue-query";
import { computed, ref, watch } from "vue";
import { useI18n } from "vue-i18n";
import { fetchTemplate, listTemplates, renderTemplate, saveTemplate, sendTest, takeBackTemplate } from "../api";
import type { Email } from "../types";
import { useAction, useSearchText } from "@/shared/composables";

const KEY = ["admin", "email-templates"];

/** The templates, and the one that is being edited, with a preview that follows the typing. */
export function useTemplates() {
  const { t } = useI18n();
  const list = useQuery({ queryKey: KEY, queryFn: listTemplates });
  const place = ref({ template: "accounts.verify", language: "en" });
  const one = useQuery({
    queryKey: computed(() => [...KEY, "one", place.value]),
    queryFn: () => fetchTemplate(place.value),
  });
  const { text: source, settled } = useSearchText();
  watch(
    () => one.data.value,
    (found) => {
      if (found) source.value = found.source;
    },
    { immediate: true },
  );
  const preview = useQuery({
    queryKey: computed(() => [...KEY, "preview", place.value, settled.value]),
    queryFn: () => renderTemplate(place.value, settled.value),
    enabled: computed(() => settled.value !== ""),
    placeholderData: (before) => before,
    retry: false,
  });
  const version = () => one.data.value?.template.version ?? 0;
  const refresh = [KEY, ["admin", "mail-system"]];
  return {
    list,
    place,
    one,
    source,
    preview,
    isChanged: computed(() => one.data.value !== undefined && source.value !== one.data.value.source),
    save: useAction(() => saveTemplate(place.value, version(), source.value), {
      done: () => t("email.templates.saved"),
      refresh,
      quiet: true,
    }),
    takeBack: useAction(() => takeBackTemplate(place.value, version()), {
      done: () => t("email.templates.resetDone"),
      refresh,
    }),
    test: useAction(() => sendTest(place.value), {
      done: (email: Email) => t("email.templates.testDone", { address: email.address }),
      refresh: [["admin", "emails"]],
    }),
  };
}
