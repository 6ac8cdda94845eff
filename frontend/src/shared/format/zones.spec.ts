import { describe, expect, it } from "vitest";
import {
  allZones,
  browserZone,
  dayFromText,
  daysBetween,
  dayText,
  instantOf,
  isZone,
  startOfDay,
  startOfMonth,
  wallTime,
} from "./zones";

const at = (iso: string): Date => new Date(iso);

describe("zones", () => {
  it("know the wall clock anywhere", () => {
    expect(wallTime(at("2026-11-23T23:15:00Z"), "Asia/Kathmandu")).toEqual({
      year: 2026,
      month: 11,
      day: 24,
      hour: 5,
      minute: 0,
    });
    expect(wallTime(at("2026-11-23T00:00:00Z"), "UTC").hour).toBe(0);
  });

  it("find midnight, also when clocks change that day", () => {
    expect(startOfDay(at("2026-10-25T12:00:00Z"), "Europe/Berlin").toISOString()).toBe("2026-10-24T22:00:00.000Z");
    expect(startOfDay(at("2026-10-25T12:00:00Z"), "Europe/Berlin", 1).toISOString()).toBe("2026-10-25T23:00:00.000Z");
    expect(startOfDay(at("2026-03-29T12:00:00Z"), "Europe/Berlin", 1).toISOString()).toBe("2026-03-29T22:00:00.000Z");
  });

  it("move a time that does not exist behind the gap", () => {
    const missing = { year: 2026, month: 3, day: 29, hour: 2, minute: 30 };
    expect(instantOf(missing, "Europe/Berlin").toISOString()).toBe("2026-03-29T01:30:00.000Z");
  });

  it("count months and days by the calendar", () => {
    expect(startOfMonth(at("2026-03-31T12:00:00Z"), "UTC", -1).toISOString()).toBe("2026-02-01T00:00:00.000Z");
    expect(dayText(at("2026-12-31T23:30:00Z"), "Europe/Berlin")).toBe("2027-01-01");
    expect(dayFromText("2026-12-31", "America/New_York", 1).toISOString()).toBe("2027-01-01T05:00:00.000Z");
    expect(daysBetween(at("2026-10-24T12:00:00Z"), at("2026-10-26T00:30:00Z"), "Europe/Berlin")).toEqual([
      "2026-10-24",
      "2026-10-25",
      "2026-10-26",
    ]);
  });

  it("know which zones there are", () => {
    expect(isZone("Europe/Berlin")).toBe(true);
    expect(isZone("Mars/Olympus")).toBe(false);
    expect(allZones()[0]).toBe("UTC");
    expect(isZone(browserZone())).toBe(true);
  });
});
