import type { Measure, UsageNumbers, UsageRow } from "./types";
import { shareOf, sumCredits } from "@/shared/format";

/** Small sums over the rows of a summary. */

type Numbers = Omit<UsageNumbers, never>;

export function tokensOf(
  numbers: Pick<Numbers, "input_tokens" | "output_tokens" | "cache_read_tokens" | "cache_write_tokens">,
): number {
  return numbers.input_tokens + numbers.output_tokens + numbers.cache_read_tokens + numbers.cache_write_tokens;
}

/** The measured amount as a decimal string: counts are one too. */
export function amountOf(row: UsageRow | UsageNumbers, measure: Measure): string {
  if (measure === "credits") return row.credits;
  return String(measure === "events" ? row.events : tokensOf(row));
}

/** How much of what the model read came from the cache, between 0 and 1. */
export function cacheShare(numbers: UsageNumbers): number {
  const read = numbers.input_tokens + numbers.cache_read_tokens + numbers.cache_write_tokens;
  return read === 0 ? 0 : numbers.cache_read_tokens / read;
}

/** Adds up rows that share a group or a split into one amount each, in the order of first sight. */
export function sumBy(
  rows: readonly UsageRow[],
  part: "group" | "split",
): { id: string; label: string; credits: string }[] {
  const sums = new Map<string, { id: string; label: string; credits: string }>();
  for (const row of rows) {
    const named = row[part];
    if (!named) continue;
    const known = sums.get(named.id);
    const credits = known ? sumCredits([known.credits, row.credits]) : row.credits;
    sums.set(named.id, { id: named.id, label: named.label, credits });
  }
  return [...sums.values()];
}

export { shareOf };
