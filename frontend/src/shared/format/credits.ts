/**
 * Credits arrive as exact decimal strings with up to nine fractional digits. They are never turned into
 * floats for display or sums: digits go through BigInt nano-credits, or to Intl as strings.
 */

const NANO_DIGITS = 9;
const NANO = 10n ** 9n;

/** "12.5" → 12500000000n. Raises SyntaxError for anything that is not a decimal number. */
export function toNano(credits: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{0,9}))?$/.exec(credits);
  if (!match) throw new SyntaxError(`not a credit amount: ${credits}`);
  const [, sign, whole = "0", fraction = ""] = match;
  const nano = BigInt(whole) * NANO + BigInt(fraction.padEnd(NANO_DIGITS, "0"));
  return sign ? -nano : nano;
}

/** 12500000000n → "12.5" */
export function fromNano(nano: bigint): string {
  const size = nano < 0n ? -nano : nano;
  const fraction = (size % NANO).toString().padStart(NANO_DIGITS, "0").replace(/0+$/, "");
  return `${nano < 0n ? "-" : ""}${size / NANO}${fraction ? `.${fraction}` : ""}`;
}

export function sumCredits(amounts: Iterable<string>): string {
  let total = 0n;
  for (const amount of amounts) total += toNano(amount);
  return fromNano(total);
}

/** Largest first. */
export function compareCredits(a: string, b: string): number {
  const difference = toNano(b) - toNano(a);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

export function isZero(credits: string): boolean {
  return toNano(credits) === 0n;
}

/** For the length of a bar on the screen only, where a float's error is far below a pixel. */
export function asPixels(credits: string): number {
  return Number(credits);
}

/** The part that `amount` is of `whole`, between 0 and 1; 0 where there is no whole. */
export function shareOf(amount: string, whole: string): number {
  const total = toNano(whole);
  if (total === 0n) return 0;
  return Number((toNano(amount) * 10_000n) / total) / 10_000;
}

/**
 * How many fractional digits a person wants to see: two for everyday amounts, more for the
 * fractions of a cent that a single call costs, so that a charge never reads as 0.00.
 */
export function digitsFor(credits: string): number {
  const nano = toNano(credits);
  const size = nano < 0n ? -nano : nano;
  if (size === 0n || size >= NANO / 10n) return 2;
  const leadingZeros = NANO_DIGITS - size.toString().length;
  return Math.min(NANO_DIGITS, leadingZeros + 3);
}
