import type { Price, Rates } from "./types";

/** One set of rates of a price: when it applies, in words made by the caller. */
export interface RateSet {
  /** The variant of call; undefined for ordinary ones. */
  variant?: "batch" | "fast";
  /** More input tokens than this; undefined for the base. */
  above?: number;
  rates: Rates;
}

type Terms = Pick<Price, "rates" | "tiers" | "variants">;

/** Every set of rates that a price holds: base and tiers of ordinary calls, then of each variant. */
export function rateSets(price: Terms): RateSet[] {
  const of = (schedule: Pick<Terms, "rates" | "tiers">, variant?: "batch" | "fast"): RateSet[] => [
    { variant, rates: schedule.rates },
    ...schedule.tiers.map((tier) => ({ variant, above: tier.above_input_tokens, rates: tier.rates })),
  ];
  const { batch, fast } = price.variants;
  return [...of(price), ...(batch ? of(batch, "batch") : []), ...(fast ? of(fast, "fast") : [])];
}
