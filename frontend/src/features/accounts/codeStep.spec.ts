import { flushPromises } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";
import CodeStep from "./components/CodeStep.vue";
import { calls, reply } from "../../../tests/fakeServer";
import { render } from "../../../tests/mounting";

beforeEach(() => setActivePinia(createPinia()));

describe("CodeStep", () => {
  it("says that a code is wrong and asks again", async () => {
    reply("POST /v1/auth/totp/verify", { status: 401, data: { code: "accounts.code_refused" } });
    const wrapper = render(CodeStep, { props: { challenge: "abc" } });
    await wrapper.find("input[name=code]").setValue("000000");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(calls.at(-1)?.body).toEqual({ challenge: "abc", code: "000000" });
    expect(wrapper.find("[role=alert]").text()).toContain("This code is not right");
    expect((wrapper.find("input[name=code]").element as HTMLInputElement).value).toBe("");
  });
});
