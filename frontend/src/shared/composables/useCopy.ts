import { useClipboard } from "@vueuse/core";
import { useI18n } from "vue-i18n";
import { announce } from "./announcer";

/** Copies text; on plain HTTP, where browsers hide the clipboard, by the old way. */
export function useCopy() {
  const { t } = useI18n();
  const { copy, copied, isSupported } = useClipboard({ legacy: true, copiedDuring: 2500 });
  return {
    copied,
    isSupported,
    async copy(text: string) {
      await copy(text);
      announce(t("common.copied"));
    },
  };
}
