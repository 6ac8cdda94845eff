import { flushPromises } from "@vue/test-utils";
import { describe, expect, it } from "vitest";
import { isCreditAmount, ReasonDialog, SegmentedControl, SelectField, useRules } from "./index";
import { render, runComposable } from "../../../../tests/mounting";
import { ApiError } from "@/shared/api";

const options = [
  { value: "day", label: "Day" },
  { value: "hour", label: "Hour" },
];

describe("choices", () => {
  it("are native radio buttons in a named group", async () => {
    const wrapper = render(SegmentedControl, { props: { options, label: "Resolution", modelValue: "day" } });
    expect(wrapper.find("legend").text()).toBe("Resolution");
    await wrapper.findAll("input")[1]?.setValue();
    expect(wrapper.emitted("update:modelValue")).toEqual([["hour"]]);
  });

  it("are a native select with a name", async () => {
    const wrapper = render(SelectField, { props: { options, label: "Group by", modelValue: "day" } });
    expect(wrapper.find("select").attributes("aria-label")).toBe("Group by");
    await wrapper.find("select").setValue("hour");
    expect(wrapper.emitted("update:modelValue")).toEqual([["hour"]]);
  });
});

describe("ReasonDialog", () => {
  const props = { title: "Void?", submitLabel: "Void", modelValue: true };

  it("sends nothing without a reason", async () => {
    const wrapper = render(ReasonDialog, { props });
    await flushPromises();
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(wrapper.emitted("submit")).toBeUndefined();
    await wrapper.find("textarea").setValue("  granted twice ");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(wrapper.emitted("submit")).toEqual([["granted twice"]]);
  });

  it("keeps the error in sight, with its fields", async () => {
    const error = new ApiError(422, "input.invalid", "No.", [
      { pointer: "/reason", code: "field.long", detail: "Too long." },
    ]);
    const wrapper = render(ReasonDialog, { props: { ...props, error } });
    await flushPromises();
    expect(wrapper.find("[role=alert]").text()).toContain("Too long.");
  });
});

describe("rules", () => {
  it("know a credit amount", () => {
    expect(["1", "0.5", "1234567890.123456789"].every(isCreditAmount)).toBe(true);
    expect(["", "-1", "1,5", "1e3", "0.1234567890", ".5"].some(isCreditAmount)).toBe(false);
  });

  it("say what is missing", () => {
    const { result } = runComposable(useRules);
    const said: (string | undefined)[] = [];
    const run = (rule: ReturnType<typeof result.email>, value: string) =>
      rule.validator?.(
        {} as never,
        value,
        (error) => said.push(error instanceof Error ? error.message : undefined),
        {},
        {},
      );
    void run(result.email(), "nobody");
    void run(result.email(), "ann@example.com");
    void run(result.positiveCredits(), "0");
    void run(result.atLeast(8), "short");
    void run(result.credits(), "");
    expect(said.map(Boolean)).toEqual([true, false, true, true, false]);
  });
});
