import type { DraftTerms, LimitName, OverdraftName, PeriodName, Terms, WindowName } from "./types";

export interface LimitRow {
  what: LimitName;
  window: WindowName;
  limit: string;
}

/** A package's terms as a person fills them in; everything is text until it is sent. */
export interface TermsForm {
  allowance: string;
  period: PeriodName;
  count: string;
  percent: string;
  cap: string;
  maxPeriods: string;
  overdraft: OverdraftName;
  overdraftLimit: string;
  forgiven: boolean;
  trialDays: string;
  trialAllowance: string;
  price: string;
  currency: string;
  failMode: "open" | "closed";
  limits: LimitRow[];
  allow: string;
  deny: string;
  concurrency: string;
  maxKeys: string;
}

export function emptyTerms(): TermsForm {
  return {
    allowance: "",
    period: "month",
    count: "1",
    percent: "0",
    cap: "",
    maxPeriods: "",
    overdraft: "none",
    overdraftLimit: "",
    forgiven: false,
    trialDays: "",
    trialAllowance: "",
    price: "",
    currency: "USD",
    failMode: "closed",
    limits: [],
    allow: "",
    deny: "",
    concurrency: "",
    maxKeys: "",
  };
}

const text = (value: number | string | null | undefined): string => (value == null ? "" : String(value));
const patterns = (value: string): string[] => value.split(/[\s,]+/).filter(Boolean);

export function fromTerms(terms: Terms): TermsForm {
  const limits = terms.key_limits;
  const rows = (what: LimitName): LimitRow[] =>
    Object.entries(limits[what]).map(([window, limit]) => ({ what, window: window as WindowName, limit: text(limit) }));
  return {
    allowance: terms.allowance,
    period: terms.period.kind,
    count: text(terms.period.count),
    percent: text(terms.rollover.percent),
    cap: text(terms.rollover.cap),
    maxPeriods: text(terms.rollover.max_periods),
    overdraft: terms.overdraft.kind,
    overdraftLimit: text(terms.overdraft.limit),
    forgiven: terms.overdraft.forgiven,
    trialDays: text(terms.trial?.days),
    trialAllowance: text(terms.trial?.allowance),
    price: text(terms.price?.amount),
    currency: terms.price?.currency ?? "USD",
    failMode: terms.fail_mode,
    limits: [...rows("requests"), ...rows("tokens"), ...rows("credits")],
    allow: limits.models.allow.join("\n"),
    deny: limits.models.deny.join("\n"),
    concurrency: text(limits.concurrency),
    maxKeys: text(limits.max_keys),
  };
}

function limitsOf<T>(form: TermsForm, what: LimitName, read: (limit: string) => T): Partial<Record<WindowName, T>> {
  const rows = form.limits.filter((row) => row.what === what && row.limit !== "");
  return Object.fromEntries(rows.map((row) => [row.window, read(row.limit)]));
}

const orNull = (value: string): string | null => value || null;
const numberOrNull = (value: string): number | null => (value ? Number(value) : null);

function rolloverOf(form: TermsForm): Terms["rollover"] {
  const percent = Number(form.percent || "0");
  if (percent === 0) return { percent, cap: null, max_periods: null };
  return { percent, cap: orNull(form.cap), max_periods: numberOrNull(form.maxPeriods) };
}

function overdraftOf(form: TermsForm): Terms["overdraft"] {
  const kind = form.overdraft;
  return {
    kind,
    limit: kind === "limit" ? form.overdraftLimit || "0" : null,
    forgiven: kind !== "none" && form.forgiven,
  };
}

function keyLimitsOf(form: TermsForm): Terms["key_limits"] {
  return {
    requests: limitsOf(form, "requests", Number),
    tokens: limitsOf(form, "tokens", Number),
    credits: limitsOf(form, "credits", (limit) => limit),
    models: { allow: patterns(form.allow), deny: patterns(form.deny) },
    concurrency: numberOrNull(form.concurrency),
    max_keys: numberOrNull(form.maxKeys),
  };
}

/** What is sent, and what is explained beside the form while it is still being filled in. */
export function toTerms(form: TermsForm): Terms & DraftTerms {
  return {
    allowance: form.allowance || "0",
    period: { kind: form.period, count: form.period === "once" ? 1 : Number(form.count || "1") },
    rollover: rolloverOf(form),
    overdraft: overdraftOf(form),
    trial: form.trialDays ? { days: Number(form.trialDays), allowance: form.trialAllowance || "0" } : null,
    price: form.price ? { amount: form.price, currency: form.currency.trim().toUpperCase() } : null,
    fail_mode: form.failMode,
    key_limits: keyLimitsOf(form),
  };
}
