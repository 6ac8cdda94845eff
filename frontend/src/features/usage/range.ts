import { dayFromText, dayText, startOfDay, startOfMonth } from "@/shared/format";

/** The stretches of time that people ask about, as instants, in their own zone. */

export const PRESETS = ["today", "24h", "7d", "30d", "90d", "month", "lastMonth"] as const;
export type Preset = (typeof PRESETS)[number];
export type RangeName = Preset | "custom";

export interface Range {
  from: Date;
  /** Not part of the range any more. */
  to: Date;
}

const HOUR = 3_600_000;
const DAYS: Partial<Record<Preset, number>> = { today: 0, "7d": -6, "30d": -29, "90d": -89 };

/** Ends at a whole hour after now, so that asking again within it is the same question. */
function nextHour(now: Date): Date {
  return new Date(Math.floor(now.getTime() / HOUR) * HOUR + HOUR);
}

export function presetRange(preset: Preset, zone: string, now: Date): Range {
  switch (preset) {
    case "24h":
      return { from: new Date(nextHour(now).getTime() - 24 * HOUR), to: nextHour(now) };
    case "month":
      return { from: startOfMonth(now, zone), to: nextHour(now) };
    case "lastMonth":
      return { from: startOfMonth(now, zone, -1), to: startOfMonth(now, zone) };
    default:
      return { from: startOfDay(now, zone, DAYS[preset] ?? 0), to: nextHour(now) };
  }
}

/** Whole days, both named days included; undefined where the texts name no range of at most 400 days. */
export function customRange(first: string, last: string, zone: string): Range | undefined {
  const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text);
  if (!isDay(first) || !isDay(last)) return undefined;
  const range = { from: dayFromText(first, zone), to: dayFromText(last, zone, 1) };
  const days = (range.to.getTime() - range.from.getTime()) / (24 * HOUR);
  return days > 0 && days <= 400 ? range : undefined;
}

/** The range as the two days that a pair of date fields shows. */
export function daysOf(range: Range, zone: string): { first: string; last: string } {
  return { first: dayText(range.from, zone), last: dayText(new Date(range.to.getTime() - 1), zone) };
}
