import { useI18n } from "vue-i18n";
import { LIMITS, WINDOWS, type Terms } from "../types";
import { useFormat } from "@/shared/composables";
import { isZero } from "@/shared/format";
import { isCreditAmount } from "@/shared/ui/form";

/** What terms mean, in sentences: for who writes them and for who lives by them. */
export function useTermsWords() {
  const { t } = useI18n();
  const format = useFormat();
  // A half-typed amount is no reason to fall silent.
  const credits = (amount: string): string => (isCreditAmount(amount) ? format.value.credits(amount) : "…");

  function period({ kind, count }: Terms["period"]): string {
    return count === 1 ? t(`packages.every.${kind}`) : t(`packages.everySo.${kind}`, { count });
  }

  function allowance(terms: Terms): string {
    return t("packages.words.allowance", { credits: credits(terms.allowance), period: period(terms.period) });
  }

  function rollover({ rollover: rule }: Terms): string {
    if (!rule.percent) return t("packages.words.expires");
    const parts = [rule.percent === 100 ? t("packages.words.rollsAll") : t("packages.words.rolls", rule)];
    if (rule.cap) parts.push(t("packages.words.cap", { credits: credits(rule.cap) }));
    parts.push(
      rule.max_periods ? t("packages.words.lives", { count: rule.max_periods }, rule.max_periods) : t("packages.words.livesForever"),
    );
    return parts.join(" ");
  }

  function overdraft({ overdraft: rule }: Terms): string {
    if (rule.kind === "none") return t("packages.words.noOverdraft");
    const first =
      rule.kind === "unlimited"
        ? t("packages.words.overdraftUnlimited")
        : t("packages.words.overdraft", { credits: credits(rule.limit ?? "0") });
    return `${first} ${rule.forgiven ? t("packages.words.forgiven") : t("packages.words.repaid")}`;
  }

  function limits({ key_limits: known }: Terms): string[] {
    const lines: string[] = [];
    for (const what of LIMITS) {
      for (const window of WINDOWS) {
        const limit = known[what][window];
        if (limit == null) continue;
        const amount = typeof limit === "string" ? credits(limit) : format.value.number(limit);
        lines.push(t(`packages.words.limit.${what}`, { limit: amount, window: t(`packages.windows.${window}`) }));
      }
    }
    if (known.max_keys) lines.push(t("packages.words.maxKeys", { count: known.max_keys }, known.max_keys));
    if (known.concurrency) lines.push(t("packages.words.concurrency", { count: known.concurrency }));
    if (known.models.allow.length) {
      lines.push(t("packages.words.allow", { models: known.models.allow.join(", ") }));
    }
    if (known.models.deny.length) lines.push(t("packages.words.deny", { models: known.models.deny.join(", ") }));
    return lines;
  }

  function sentences(terms: Terms): string[] {
    const lines = [allowance(terms)];
    if (terms.period.kind !== "once") lines.push(rollover(terms));
    lines.push(overdraft(terms));
    if (terms.trial) {
      lines.push(t("packages.words.trial", { days: terms.trial.days, credits: credits(terms.trial.allowance) }));
    }
    return [...lines, ...limits(terms)];
  }

  function price(terms: Terms): string {
    if (!terms.price || isZero(terms.price.amount)) return t("packages.words.free");
    return `${format.value.credits(terms.price.amount)} ${terms.price.currency}`;
  }

  return { sentences, allowance, period, price };
}
