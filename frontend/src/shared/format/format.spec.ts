import { describe, expect, it } from "vitest";
import { createFormat } from "./format";

const en = createFormat("en", "Europe/Berlin");
const zh = createFormat("zh", "Asia/Shanghai");

describe("format", () => {
  it("rounds credits for reading and keeps every digit where asked", () => {
    expect(en.credits("1234567.891")).toBe("1,234,567.89");
    expect(en.credits("0.013388")).toBe("0.0134");
    expect(en.credits("-0.5")).toBe("-0.50");
    expect(en.exactCredits("9007199254740993.123456789")).toBe("9,007,199,254,740,993.123456789");
    expect(en.exactCredits("0.000000000500000001")).toBe("0.000000000500000001");
  });

  it("writes counts, shares and short forms", () => {
    expect(en.number(1234567)).toBe("1,234,567");
    expect(en.compact(69_500_000)).toBe("69.5m");
    expect(zh.compact(69_500_000)).toBe("6950万");
    expect(en.percent(0.1234)).toBe("12.3%");
  });

  it("shows an instant in the reader's zone", () => {
    expect(en.time("2026-07-01T22:30:00Z")).toBe("2 Jul 2026, 00:30");
    expect(zh.time("2026-07-01T22:30:00Z")).toBe("2026年7月2日 06:30");
    expect(en.time("2026-01-01T00:00:00Z", "day")).toBe("1 Jan 2026");
  });

  it("says how long ago, in whole units", () => {
    const now = Date.parse("2026-11-23T12:00:00Z");
    expect(en.relative("2026-11-23T11:57:00Z", now)).toBe("3 minutes ago");
    expect(en.relative("2026-12-05T12:00:00Z", now)).toBe("in 12 days");
    expect(en.relative("2026-11-23T12:00:20Z", now)).toBe("now");
    expect(zh.relative("2026-11-22T12:00:00Z", now)).toBe("昨天");
  });

  it("shows a bucket as its id is written, whatever the reader's zone", () => {
    expect(en.bucket("2026-10-25T00:00:00+02:00", "day")).toBe("25 Oct");
    expect(en.bucket("2026-10-25T02:00:00+01:00", "hour")).toBe("25 Oct, 02:00");
    expect(en.bucket("2026-10-01T00:00:00+02:00", "month")).toBe("Oct 2026");
    expect(en.bucket("2026-10", "month")).toBe("Oct 2026");
    expect(en.bucket("something", "day")).toBe("something");
  });
});
