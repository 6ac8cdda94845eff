import { flushPromises } from "@vue/test-utils";
import { describe, expect, it } from "vitest";
import { chartModel } from "./chart";
import EventReceipt from "./components/EventReceipt.vue";
import RankedGroups from "./components/RankedGroups.vue";
import { useExplorer } from "./composables/useExplorer";
import { amountOf, cacheShare, sumBy, tokensOf } from "./numbers";
import { customRange, daysOf, presetRange } from "./range";
import type { UsageRow } from "./types";
import { render, runComposable, testRouter } from "../../../tests/mounting";
import { createFormat } from "@/shared/format";

const now = new Date("2026-11-23T08:20:00Z");
const numbers = {
  events: 2,
  errors: 0,
  input_tokens: 10,
  output_tokens: 5,
  cache_read_tokens: 80,
  cache_write_tokens: 10,
  credits: "0.1",
};
const row = (day: string, model: string, credits: string): UsageRow => ({
  ...numbers,
  credits,
  group: { id: `${day}T00:00:00+01:00`, label: day },
  split: { id: model, label: model },
});
const iso = (range: { from: Date; to: Date }) => [range.from.toISOString(), range.to.toISOString()];

describe("ranges", () => {
  it("begin and end where people mean", () => {
    expect(iso(presetRange("today", "Europe/Berlin", now))).toEqual([
      "2026-11-22T23:00:00.000Z",
      "2026-11-23T09:00:00.000Z",
    ]);
    expect(iso(presetRange("7d", "UTC", now))).toEqual(["2026-11-17T00:00:00.000Z", "2026-11-23T09:00:00.000Z"]);
    expect(iso(presetRange("24h", "UTC", now))).toEqual(["2026-11-22T09:00:00.000Z", "2026-11-23T09:00:00.000Z"]);
    expect(iso(presetRange("lastMonth", "Europe/Berlin", now))).toEqual([
      "2026-09-30T22:00:00.000Z",
      "2026-10-31T23:00:00.000Z",
    ]);
  });

  it("hold both days that were named", () => {
    const range = customRange("2026-10-25", "2026-10-25", "Europe/Berlin");
    expect(range && iso(range)).toEqual(["2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"]);
    expect(range && daysOf(range, "Europe/Berlin")).toEqual({ first: "2026-10-25", last: "2026-10-25" });
    expect(customRange("2026-10-26", "2026-10-25", "UTC")).toBeUndefined();
    expect(customRange("2024-01-01", "2026-10-25", "UTC")).toBeUndefined();
    expect(customRange("", "2026-10-25", "UTC")).toBeUndefined();
  });
});

describe("numbers", () => {
  it("add up tokens and shares", () => {
    expect(tokensOf(numbers)).toBe(105);
    expect(cacheShare(numbers)).toBe(0.8);
    expect(cacheShare({ ...numbers, input_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0 })).toBe(0);
    expect(amountOf(numbers, "tokens")).toBe("105");
    expect(amountOf(numbers, "credits")).toBe("0.1");
  });

  it("sum rows by what they share", () => {
    const rows = [row("2026-11-22", "opus", "0.1"), row("2026-11-23", "opus", "0.2"), row("2026-11-23", "haiku", "1")];
    expect(sumBy(rows, "split").map((sum) => [sum.id, sum.credits])).toEqual([
      ["opus", "0.3"],
      ["haiku", "1"],
    ]);
  });
});

describe("chartModel", () => {
  const options = {
    group: "day" as const,
    measure: "credits" as const,
    format: createFormat("en", "UTC"),
    restName: "Others",
    wholeName: "Credits",
  };

  it("draws days without usage, too", () => {
    const buckets = ["2026-11-21", "2026-11-22", "2026-11-23"].map((day) => ({ id: `${day}T00:00:00+01:00` }));
    const model = chartModel([row("2026-11-22", "opus", "1.5"), row("2026-11-23", "haiku", "2")], {
      ...options,
      buckets,
    });
    expect(model.buckets).toEqual(["21 Nov", "22 Nov", "23 Nov"]);
    expect(model.series.map((series) => [series.name, series.values])).toEqual([
      ["haiku", [0, 0, 2]],
      ["opus", [0, 1.5, 0]],
    ]);
    expect(model.totals).toEqual(["0.00", "1.50", "2.00"]);
  });

  it("names the whole where nothing is split", () => {
    const model = chartModel([{ ...row("2026-11-22", "", "1"), split: null }], options);
    expect(model.series[0]?.name).toBe("Credits");
  });
});

describe("useExplorer", () => {
  it("keeps its state in the address and reads it back", async () => {
    const router = testRouter();
    await router.push("/usage?range=custom&from=2026-10-01&to=2026-10-02&zone=UTC&group=model&split=model&model=opus");
    const { result: explorer } = runComposable(useExplorer, { router });
    expect(explorer.question.value).toMatchObject({
      from: "2026-10-01T00:00:00.000Z",
      to: "2026-10-03T00:00:00.000Z",
      group_by: "model",
      split_by: undefined,
      model: "opus",
    });
    expect(explorer.filtered.value).toBe(true);
    explorer.clearFilters();
    explorer.group.value = "hour";
    await flushPromises();
    expect(router.currentRoute.value.query).toMatchObject({ group: "hour" });
    expect(router.currentRoute.value.query.model).toBeUndefined();
  });

  it("falls back where the address makes no sense", async () => {
    const router = testRouter();
    await router.push("/usage?range=never&zone=Mars/Base&group=colour&measure=miles");
    const { result: explorer } = runComposable(useExplorer, { router });
    expect([explorer.rangeName.value, explorer.group.value, explorer.measure.value]).toEqual(["30d", "day", "credits"]);
    expect(explorer.zone.value).not.toBe("Mars/Base");
  });
});

describe("what a reader sees", () => {
  it("ranks groups and sums up a split", () => {
    const rows = [row("a", "x", "1"), row("a", "y", "2"), row("b", "x", "1")].map((one) => ({
      ...one,
      group: { id: one.group.label, label: one.group.label },
    }));
    const wrapper = render(RankedGroups, { props: { rows, total: { ...numbers, credits: "4" }, measure: "credits" } });
    expect(wrapper.findAll("li").map((item) => item.find(".name").text())).toEqual(["a", "b"]);
    expect(wrapper.text()).toContain("75%");
  });

  it("explains a charge to the last digit", () => {
    const receipt = {
      price: {
        id: "prc_1",
        version: 2,
        origin: "library" as const,
        pattern: "claude-*",
        effective_from: "2026-01-01T00:00:00.000Z",
        multiplier: "1",
      },
      lines: [
        { class: "input" as const, quantity: 1200, rate_per_million: "3", credits: "0.0036" },
        { class: "rounding" as const, quantity: null, rate_per_million: null, credits: "-0.000000000500000000" },
      ],
      settlement: {
        id: "stl_1",
        settled_at: "2026-11-23T08:00:00.000Z",
        grants: [{ grant_id: null, origin: null, credits: "0.0036" }],
      },
    };
    const wrapper = render(EventReceipt, { props: { receipt, total: "0.0036" } });
    expect(wrapper.text()).toContain("Input tokens");
    expect(wrapper.text()).toContain("-0.0000000005");
    expect(wrapper.text()).toContain("Debt");
  });
});
