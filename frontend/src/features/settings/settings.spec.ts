import { flushPromises } from "@vue/test-utils";
import { createPinia } from "pinia";
import { describe, expect, it } from "vitest";
import SettingsPage from "./pages/SettingsPage.vue";
import { calls, reply } from "../../../tests/fakeServer";
import { render, surroundings } from "../../../tests/mounting";

const words = (text: string) => ({ en: text, zh: text });
const setting = {
  name: "session.idle_minutes",
  group: "session",
  kind: "whole",
  title: words("Signed out after"),
  help: words("A session that is not used"),
  value: 480,
  default: 480,
  is_default: true,
  revision: 0,
  changed_at: null,
  least: 5,
  most: 1440,
  unit: "minutes",
  longest: null,
  lines: false,
  options: [],
};

describe("settings", () => {
  it("are saved with the revision that was read, and tell which one is wrong", async () => {
    reply("GET /v1/admin/settings", { data: { items: [setting] } });
    reply("PATCH /v1/admin/settings", {
      status: 422,
      data: {
        code: "settings.invalid",
        detail: "Some settings are not right.",
        errors: [{ pointer: "/changes/0/value", code: "settings.value", detail: "Use a whole number." }],
      },
    });
    const pinia = createPinia();
    surroundings({ pinia });
    const wrapper = render(SettingsPage, { pinia });
    await flushPromises();
    const save = () => wrapper.findAll("button").find((one) => one.text().startsWith("Save"));
    expect(save()?.attributes("disabled")).toBeDefined();
    await wrapper.find("input[type=number]").setValue("2");
    await save()?.trigger("click");
    await flushPromises();
    expect(calls.find((one) => one.method === "PATCH")?.body).toEqual({
      changes: [{ name: "session.idle_minutes", value: 2, revision: 0 }],
    });
    expect(wrapper.find(".fault").text()).toBe("Use a whole number.");
  });
});
