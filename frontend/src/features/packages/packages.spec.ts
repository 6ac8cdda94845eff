import { describe, expect, it } from "vitest";
import { percentOf } from "./composables/useMoves";
import { useTermsWords } from "./composables/useTermsWords";
import { emptyTerms, fromTerms, toTerms } from "./form";
import { runComposable } from "../../../tests/mounting";

const filled = {
  ...emptyTerms(),
  allowance: "100",
  period: "hour" as const,
  count: "5",
  percent: "50",
  cap: "20",
  maxPeriods: "2",
  overdraft: "limit" as const,
  overdraftLimit: "10",
  forgiven: true,
  trialDays: "7",
  trialAllowance: "5",
  price: "9.5",
  currency: "eur",
  limits: [
    { what: "requests" as const, window: "minute" as const, limit: "60" },
    { what: "credits" as const, window: "five_hours" as const, limit: "2.5" },
    { what: "tokens" as const, window: "day" as const, limit: "" },
  ],
  allow: "claude-sonnet-*, claude-haiku-*",
  concurrency: "4",
  maxKeys: "3",
};

describe("the terms of a package", () => {
  it("are sent as they were filled in, and read back into the same form", () => {
    const terms = toTerms(filled);
    expect(terms).toEqual({
      allowance: "100",
      period: { kind: "hour", count: 5 },
      rollover: { percent: 50, cap: "20", max_periods: 2 },
      overdraft: { kind: "limit", limit: "10", forgiven: true },
      trial: { days: 7, allowance: "5" },
      price: { amount: "9.5", currency: "EUR" },
      fail_mode: "closed",
      key_limits: {
        requests: { minute: 60 },
        tokens: {},
        credits: { five_hours: "2.5" },
        models: { allow: ["claude-sonnet-*", "claude-haiku-*"], deny: [] },
        concurrency: 4,
        max_keys: 3,
      },
    });
    expect(toTerms(fromTerms(terms))).toEqual(terms);
  });

  it("leave out what does not apply", () => {
    const terms = toTerms({ ...filled, percent: "0", overdraft: "none", period: "once", trialDays: "", price: "" });
    expect(terms.rollover).toEqual({ percent: 0, cap: null, max_periods: null });
    expect(terms.overdraft).toEqual({ kind: "none", limit: null, forgiven: false });
    expect([terms.period.count, terms.trial, terms.price]).toEqual([1, null, null]);
  });

  it("are explained in sentences, half-typed amounts included", () => {
    const { result } = runComposable(() => useTermsWords());
    const lines = result.sentences(toTerms(filled));
    expect(lines[0]).toBe("100.00 credits every 5 hours.");
    expect(lines[1]).toContain("50 % of what is left rolls over");
    expect(lines[1]).toContain("Never more than 20.00 credits");
    expect(lines[2]).toContain("10.00 credits below zero");
    expect(lines).toContain("Each key may make 60 requests a minute.");
    expect(lines).toContain("Each key may spend 2.50 credits in five hours.");
    expect(lines.some((line) => line.includes("claude-haiku-*"))).toBe(true);
    expect(result.sentences(toTerms({ ...emptyTerms(), allowance: "1." }))[0]).toContain("…");
  });
});

describe("the progress of a move", () => {
  const move = {
    id: "mov_1",
    state: "running" as "running" | "done" | "stopped",
    from_version: null,
    to_package: "Team",
    to_version: 2,
    when: "now" as const,
    total: 3_000,
    moved: 0,
    skipped: 0,
    failed: 0,
    created_at: "2026-11-25T00:00:00Z",
    ended_at: null,
  };

  it("counts whoever is behind it, moved or not, and is whole only when it is done", () => {
    expect(percentOf(move)).toBe(0);
    expect(percentOf({ ...move, moved: 1_000, skipped: 400, failed: 100 })).toBe(50);
    expect(percentOf({ ...move, moved: 3_000 })).toBe(99);
    expect(percentOf({ ...move, moved: 2_990, state: "done" })).toBe(100);
    expect(percentOf({ ...move, total: 0 })).toBe(0);
  });
});
