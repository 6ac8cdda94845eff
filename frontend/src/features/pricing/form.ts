import { RATE_CLASSES, type NewPrice, type RateFields, type Variant } from "./types";

/** A price of our own either has rates, or marks the library's up or down. */
export type Basis = "rates" | "markup";

/** The form of a manual price as a person fills it in; everything is text until it is sent. */
export interface PriceForm {
  pattern: string;
  day: string;
  basis: Basis;
  rates: RateFields;
  tiers: { above: string; rates: RateFields }[];
  variants: Record<Variant, RateFields | null>;
  webSearch: string;
  multiplier: string;
  note: string;
}

export function emptyRates(): RateFields {
  return Object.fromEntries(RATE_CLASSES.map((name) => [name, ""])) as RateFields;
}

export function emptyForm(pattern: string, day: string): PriceForm {
  return {
    pattern,
    day,
    basis: "rates",
    rates: emptyRates(),
    tiers: [],
    variants: { batch: null, fast: null },
    webSearch: "",
    multiplier: "1",
    note: "",
  };
}

/** An empty rate is free of charge. */
function filled(rates: RateFields): RateFields {
  return Object.fromEntries(RATE_CLASSES.map((name) => [name, rates[name] || "0"])) as RateFields;
}

function schedule(rates: RateFields | null) {
  return rates && { rates: filled(rates), tiers: [] };
}

export function toBody(form: PriceForm, effectiveFrom: string): NewPrice {
  const common = {
    pattern: form.pattern.trim(),
    effective_from: effectiveFrom,
    multiplier: form.multiplier || "1",
    note: form.note.trim(),
  };
  if (form.basis === "markup") return { ...common, tiers: [], variants: {} };
  return {
    ...common,
    rates: filled(form.rates),
    tiers: form.tiers.map((tier) => ({ above_input_tokens: Number(tier.above), rates: filled(tier.rates) })),
    variants: { batch: schedule(form.variants.batch), fast: schedule(form.variants.fast) },
    web_search: form.webSearch || "0",
  };
}
