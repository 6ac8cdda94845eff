/** Wall time in a named zone, computed from what Intl knows; no library, no fixed offsets. */

const formatters = new Map<string, Intl.DateTimeFormat>();

export interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

function formatterFor(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

export function wallTime(instant: Date, zone: string): WallTime {
  const parts = Object.fromEntries(
    formatterFor(zone)
      .formatToParts(instant)
      .map((part) => [part.type, Number(part.value)]),
  );
  return {
    year: parts.year ?? 0,
    month: parts.month ?? 1,
    day: parts.day ?? 1,
    hour: parts.hour ?? 0,
    minute: parts.minute ?? 0,
  };
}

function asUtc(wall: WallTime): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute);
}

/** The instant at which a clock in `zone` shows this; a time that DST skips moves to after the gap. */
export function instantOf(wall: WallTime, zone: string): Date {
  const wanted = asUtc(wall);
  const offsetAt = (instant: number): number => asUtc(wallTime(new Date(instant), zone)) - instant;
  const first = wanted - offsetAt(wanted);
  const second = wanted - offsetAt(first);
  return new Date(asUtc(wallTime(new Date(second), zone)) === wanted ? second : Math.max(first, second));
}

/** Midnight in `zone` of the day that holds `instant`, moved by whole calendar days. */
export function startOfDay(instant: Date, zone: string, addDays = 0): Date {
  const wall = wallTime(instant, zone);
  return instantOf({ ...wall, day: wall.day + addDays, hour: 0, minute: 0 }, zone);
}

export function startOfMonth(instant: Date, zone: string, addMonths = 0): Date {
  const wall = wallTime(instant, zone);
  return instantOf({ ...wall, month: wall.month + addMonths, day: 1, hour: 0, minute: 0 }, zone);
}

const two = (value: number): string => String(value).padStart(2, "0");

/** "2026-11-23", as `<input type="date">` wants it. */
export function dayText(instant: Date, zone: string): string {
  const wall = wallTime(instant, zone);
  return `${wall.year}-${two(wall.month)}-${two(wall.day)}`;
}

/** Midnight in `zone` of the day written as "2026-11-23". */
export function dayFromText(text: string, zone: string, addDays = 0): Date {
  const [year = 1970, month = 1, day = 1] = text.split("-").map(Number);
  return instantOf({ year, month, day: day + addDays, hour: 0, minute: 0 }, zone);
}

/** Every day that a range touches, as "2026-11-23". */
export function daysBetween(from: Date, to: Date, zone: string): string[] {
  const days: string[] = [];
  for (let day = startOfDay(from, zone); day < to; day = startOfDay(day, zone, 1)) days.push(dayText(day, zone));
  return days;
}

export function isZone(zone: string): boolean {
  try {
    formatterFor(zone);
    return true;
  } catch {
    return false;
  }
}

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Every zone that the browser knows, UTC first. */
export function allZones(): string[] {
  const known = Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC");
  return ["UTC", ...known];
}
