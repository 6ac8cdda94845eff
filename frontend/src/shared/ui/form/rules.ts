import type { FormItemRule } from "element-plus";
import { useI18n } from "vue-i18n";
import { toNano } from "@/shared/format";

const CREDITS = /^\d{1,10}(\.\d{1,9})?$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export function isCreditAmount(text: string): boolean {
  return CREDITS.test(text);
}

/** The checks that forms share, with their sentences in the reader's language. */
export function useRules() {
  const { t } = useI18n();

  function check(holds: (value: string) => boolean, message: () => string): FormItemRule {
    return {
      trigger: "blur",
      validator: (_, value: string | undefined, done) =>
        done(!value || holds(value) ? undefined : new Error(message())),
    };
  }

  return {
    required: (): FormItemRule => ({ required: true, whitespace: true, message: t("form.required"), trigger: "blur" }),
    email: () =>
      check(
        (value) => EMAIL.test(value),
        () => t("form.email"),
      ),
    /** Zero and above: a rate. */
    credits: () => check(isCreditAmount, () => t("form.credits")),
    /** Above zero: a grant. */
    positiveCredits: () =>
      check(
        (value) => isCreditAmount(value) && toNano(value) > 0n,
        () => t("form.credits"),
      ),
    atLeast: (least: number) =>
      check(
        (value) => value.length >= least,
        () => t("form.passwordShort", { least }),
      ),
    check,
  };
}
