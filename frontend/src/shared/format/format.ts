import { digitsFor } from "./credits";

/** Turns values into text for one reader: their language, their zone. */

export type TimeStyle = "full" | "minute" | "second" | "day" | "time";
export type Bucket = "hour" | "day" | "week" | "month";

const TIME_STYLES: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
  full: { dateStyle: "full", timeStyle: "long" },
  minute: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
  second: {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  },
  day: { year: "numeric", month: "short", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
};

const BUCKET_STYLES: Record<Bucket, Intl.DateTimeFormatOptions> = {
  hour: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  week: { day: "numeric", month: "short" },
  month: { month: "short", year: "numeric" },
};

const RELATIVE_STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

const LANGUAGE_TAGS: Record<string, string> = { en: "en-GB", zh: "zh-CN" };

const WALL_TIME = /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2}))?)?/;

export function createFormat(locale: string, zone: string) {
  const language = LANGUAGE_TAGS[locale] ?? locale;
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const part = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const relativeTo = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const amounts = new Map<string, Intl.NumberFormat>();
  const times = new Map<string, Intl.DateTimeFormat>();

  function amountFormatter(least: number, most: number): Intl.NumberFormat {
    const key = `${least}:${most}`;
    const known = amounts.get(key) ?? new Intl.NumberFormat(language, fractionDigits(least, most));
    amounts.set(key, known);
    return known;
  }

  function timeFormatter(style: string, options: Intl.DateTimeFormatOptions, timeZone: string): Intl.DateTimeFormat {
    const key = `${style}:${timeZone}`;
    const known = times.get(key) ?? new Intl.DateTimeFormat(language, { ...options, timeZone, hourCycle: "h23" });
    times.set(key, known);
    return known;
  }

  return {
    /** Rounded for reading; Intl takes the decimal string as it is, so no digit is lost to a float. */
    credits(amount: string, digits = digitsFor(amount)): string {
      return amountFormatter(Math.min(digits, 2), digits).format(amount as Intl.StringNumericLiteral);
    },
    /** Every digit that there is: lines of a receipt have up to eighteen. */
    exactCredits(amount: string): string {
      return amountFormatter(0, 18).format(amount as Intl.StringNumericLiteral);
    },
    number: (value: number): string => whole.format(value),
    compact: (value: number): string => short.format(value),
    percent: (share: number): string => part.format(share),
    time(iso: string, style: TimeStyle = "minute"): string {
      return timeFormatter(style, TIME_STYLES[style], zone).format(new Date(iso));
    },
    /** "3 minutes ago", "in 12 days" */
    relative(iso: string, now: number = Date.now()): string {
      const seconds = (new Date(iso).getTime() - now) / 1000;
      const step = RELATIVE_STEPS.find(([, size]) => Math.abs(seconds) >= size);
      if (!step) return relativeTo.format(0, "second");
      return relativeTo.format(Math.round(seconds / step[1]), step[0]);
    },
    /** A bucket's id is its start on the wall clock of the zone that was asked for: it is shown as it is written. */
    bucket(id: string, kind: Bucket): string {
      const match = WALL_TIME.exec(id);
      if (!match) return id;
      const [, year, month, day = "1", hour = "0", minute = "0"] = match;
      const wall = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
      return timeFormatter(`bucket-${kind}`, BUCKET_STYLES[kind], "UTC").format(wall);
    },
  };
}

function fractionDigits(least: number, most: number): Intl.NumberFormatOptions {
  return { minimumFractionDigits: least, maximumFractionDigits: most };
}

export type Format = ReturnType<typeof createFormat>;
