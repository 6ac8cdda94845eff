import { flushPromises } from "@vue/test-utils";
import { describe, expect, it } from "vitest";
import { curlSnippet } from "@/features/gateways/snippet";
import { changeOf } from "@/features/overview/composables/useSpend";
import { emptyForm, toBody } from "@/features/pricing/form";
import { rateSets } from "@/features/pricing/rateSets";
import GrantForm from "@/features/workspaces/components/GrantForm.vue";
import { render } from "./mounting";
import { usePreferences } from "@/shared/preferences";
import { createPinia, setActivePinia } from "pinia";

describe("a gateway's first command", () => {
  it("posts one event that is valid JSON", () => {
    const text = curlSnippet("https://cc.example.com", "ccg_1", new Date("2026-11-23T07:00:00Z"));
    expect(text).toContain("'https://cc.example.com/v1/events?wait=5'");
    expect(text).toContain("Bearer ccg_1");
    const event: unknown = JSON.parse(/-d '(.*)'$/.exec(text)?.[1] ?? "");
    expect(event).toMatchObject({ time: "2026-11-23T07:00:00.000Z", usage: { input_tokens: 1200 } });
  });
});

describe("a manual price", () => {
  it("takes empty rates as free and keeps tiers and variants", () => {
    const form = emptyForm(" claude-* ", "2026-11-23");
    form.rates.input = "3";
    form.tiers.push({ above: "200000", rates: { ...form.rates, input: "6" } });
    form.variants.batch = { ...form.rates, input: "1.5" };
    expect(toBody(form, "2026-11-23T00:00:00.000Z")).toMatchObject({
      pattern: "claude-*",
      rates: { input: "3", output: "0" },
      tiers: [{ above_input_tokens: 200_000, rates: { input: "6" } }],
      variants: { batch: { rates: { input: "1.5" }, tiers: [] }, fast: null },
      multiplier: "1",
    });
  });

  it("may only mark up what the library says", () => {
    const form = { ...emptyForm("claude-*", "2026-11-23"), basis: "markup" as const, multiplier: "1.15" };
    const body = toBody(form, "2026-11-23T00:00:00.000Z");
    expect(body.rates).toBeUndefined();
    expect(body.multiplier).toBe("1.15");
  });

  it("shows every set of rates that it holds", () => {
    const rates = { input: "3", output: "15", cache_read: "0.3", cache_write_5m: "3.75", cache_write_1h: "6" };
    const tiers = [{ above_input_tokens: 200_000, rates }];
    const sets = rateSets({ rates, tiers, variants: { batch: { rates, tiers }, fast: null } });
    expect(sets.map((set) => [set.variant, set.above])).toEqual([
      [undefined, undefined],
      [undefined, 200_000],
      ["batch", undefined],
      ["batch", 200_000],
    ]);
  });
});

describe("the grant form", () => {
  it("needs an amount and a reason, and gives until the end of the last day", async () => {
    const pinia = createPinia();
    setActivePinia(pinia);
    usePreferences().zone = "UTC";
    const wrapper = render(GrantForm, { props: { busy: false, error: null }, pinia });
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(wrapper.emitted("submit")).toBeUndefined();
    const [credits, day, priority, reason] = wrapper.findAll("input");
    await credits?.setValue("25.5");
    await day?.setValue("2099-01-31");
    await priority?.setValue("5");
    await reason?.setValue("asked by phone");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(wrapper.emitted("submit")?.[0]?.[0]).toEqual({
      credits: "25.5",
      origin: "adjustment",
      expires_at: "2099-02-01T00:00:00.000Z",
      priority: 5,
      reason: "asked by phone",
    });
  });
});

describe("a change", () => {
  it("is a share of what was before, where there was something", () => {
    expect(changeOf("2", "3")).toBe(0.5);
    expect(changeOf("4", "3")).toBe(-0.25);
    expect(changeOf("0", "3")).toBeUndefined();
  });
});
