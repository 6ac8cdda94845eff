import { flushPromises } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";
import EnrolFactor from "./components/EnrolFactor.vue";
import StepUpDialog from "./components/StepUpDialog.vue";
import TokensPanel from "./components/TokensPanel.vue";
import { useStepUp } from "./stepUp";
import { calls, reply } from "../../../tests/fakeServer";
import { render } from "../../../tests/mounting";
import { useSession } from "@/features/accounts";
import { api, bindContext } from "@/shared/api";

const me = {
  id: "usr_1",
  email: "ann@example.com",
  name: "Ann",
  role: "user" as const,
  locale: "en",
  time_zone: "UTC",
  created_at: "2026-01-01T00:00:00.000Z",
  workspaces: [],
  email_verified: true,
  must_enrol: false,
  has_password: true,
  viewing: null,
};
const CODES = Array.from({ length: 10 }, (_, number) => `aaaa${number}-bbbb${number}`);

beforeEach(() => setActivePinia(createPinia()));

describe("EnrolFactor", () => {
  it("shows picture and secret, takes a code, then shows the recovery codes", async () => {
    reply("POST /v1/auth/totp/enrol", {
      data: { secret: "ABCDEFGHIJKLMNOP", uri: "otpauth://totp/x", picture: "data:image/svg+xml,x" },
    });
    reply("POST /v1/auth/totp/confirm", { data: { recovery_codes: CODES } });
    const wrapper = render(EnrolFactor);
    await flushPromises();
    expect(wrapper.find("img").attributes("src")).toBe("data:image/svg+xml,x");
    expect(wrapper.find("[data-testid=factor-secret]").text()).toBe("ABCD EFGH IJKL MNOP");
    await wrapper.find("input[name=code]").setValue(" 123 456 ");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(calls.find((call) => call.path.endsWith("/confirm"))?.body).toEqual({ code: "123 456" });
    expect(wrapper.findAll("[data-testid=recovery-codes] li")).toHaveLength(10);
  });
});

describe("step-up", () => {
  it("asks once, and repeats every call that waited", async () => {
    const pinia = createPinia();
    setActivePinia(pinia);
    useSession().adopt(me);
    const gate = useStepUp();
    bindContext({ onStepUp: () => gate.ask() });
    let proved = false;
    reply("POST /v1/keys/key_1/rotate", () =>
      proved ? { data: { id: "key_1" } } : { status: 403, data: { code: "auth.step_up_required" } },
    );
    reply("GET /v1/auth/totp", {
      data: { enabled: false, required: false, confirmed_at: null, recovery_codes_left: 0 },
    });
    reply("POST /v1/auth/step-up", () => {
      proved = true;
      return { data: { expires_in: 3600 } };
    });
    render(StepUpDialog, { pinia });
    const rotate = () =>
      api.post("/v1/keys/{key_id}/rotate", { path: { key_id: "key_1" }, body: { overlap_seconds: 0 } });
    const both = Promise.all([rotate(), rotate()]);
    await flushPromises();
    const field = document.querySelector<HTMLInputElement>("input[name=proof]");
    expect(field).not.toBeNull();
    if (field) {
      field.value = "correct horse";
      field.dispatchEvent(new Event("input"));
    }
    await flushPromises();
    document.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await flushPromises();
    expect(await both).toEqual([{ id: "key_1" }, { id: "key_1" }]);
    expect(calls.filter((call) => call.path === "/v1/auth/step-up")).toHaveLength(1);
    expect(gate.asking).toBe(false);
  });

  it("gives the refusal to whoever called when the person leaves the dialog", async () => {
    const gate = useStepUp();
    bindContext({ onStepUp: () => gate.ask() });
    reply("POST /v1/keys/key_1/rotate", { status: 403, data: { code: "auth.step_up_required" } });
    const call = api.post("/v1/keys/{key_id}/rotate", { path: { key_id: "key_1" }, body: { overlap_seconds: 0 } });
    await flushPromises();
    gate.answer(false);
    await expect(call).rejects.toMatchObject({ code: "auth.step_up_required" });
  });
});

describe("TokensPanel", () => {
  it("lists scopes and offers administrators' ones to administrators only", async () => {
    reply("GET /v1/me/tokens", {
      data: {
        items: [
          {
            id: "tok_1",
            name: "nightly",
            prefix: "ccp_abcd",
            last_four: "wxyz",
            scopes: ["read", "admin:read"],
            state: "active",
            created_at: "2026-11-01T00:00:00.000Z",
            expires_at: "2027-01-01T00:00:00.000Z",
            last_used_at: null,
          },
        ],
        next_cursor: null,
      },
    });
    const pinia = createPinia();
    setActivePinia(pinia);
    useSession().adopt(me);
    const wrapper = render(TokensPanel, { pinia });
    await flushPromises();
    expect(wrapper.text()).toContain("read, admin:read");
    await wrapper.findAll("button").find((one) => one.text() === "New token")?.trigger("click");
    await flushPromises();
    const offered = [...document.querySelectorAll(".el-checkbox code")].map((one) => one.textContent);
    expect(offered).toEqual(["read", "usage", "keys", "write", "sensitive"]);
    expect(document.body.textContent).toContain("see, make, rename and revoke API keys");
  });
});
