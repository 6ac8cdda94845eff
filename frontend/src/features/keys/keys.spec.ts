import { flushPromises } from "@vue/test-utils";
import { beforeEach, describe, expect, it } from "vitest";
import KeyDrawer from "./components/KeyDrawer.vue";
import KeyLimitsForm from "./components/KeyLimitsForm.vue";
import KeysPage from "./pages/KeysPage.vue";
import NewKeyDialog from "./components/NewKeyDialog.vue";
import { powershellLines, settingsJson, shellLines } from "./settings";
import { calls, lastCall, reply } from "../../../tests/fakeServer";
import { render, surroundings } from "../../../tests/mounting";
import { useSession } from "@/features/accounts";
import { createPinia } from "pinia";

const person = {
  id: "usr_1",
  email: "ann@example.com",
  name: "Ann",
  role: "user" as const,
  locale: "en",
  time_zone: "UTC",
  email_verified: true,
  created_at: "2026-01-01T00:00:00.000Z",
};
const workspace = {
  id: "ws_1",
  name: "Personal",
  kind: "personal" as const,
  role: "owner" as const,
  state: "active" as const,
};
const key = {
  id: "key_1",
  name: "Laptop",
  prefix: "ccm_ab12",
  last_four: "zz99",
  state: "active" as const,
  created_at: "2026-11-01T00:00:00.000Z",
  created_by: { id: "usr_1", name: "Ann" },
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  rotating_until: null,
  life_seconds: null,
  first_used_at: null,
  disabled_by: null,
};
const limits = {
  own: {
    requests: { minute: 60 },
    tokens: {},
    credits: { month: "12.5" },
    models: { allow: ["claude-*"], deny: [] },
    concurrency: null,
    max_keys: null,
  },
  ip: { allow: [], deny: [] },
  package: null,
  left: [
    { name: "requests.minute", limit: 60, remaining: 45, reset_at: "2026-11-23T07:01:00.000Z" },
    { name: "credits.month", limit: "12.5", remaining: "0", reset_at: "2026-12-01T00:00:00.000Z" },
    { name: "concurrency", limit: 4, remaining: 4, reset_at: null },
  ],
};

function signedIn(role: "owner" | "viewer" = "owner") {
  const pinia = createPinia();
  surroundings({ pinia });
  useSession(pinia).adopt({ ...person, must_enrol: false, has_password: true, viewing: null,
    workspaces: [{ ...workspace, role }] });
  return pinia;
}
const button = (wrapper: ReturnType<typeof render>, text: string) =>
  wrapper.findAll("button").find((one) => one.text() === text);

describe("the settings for Claude Code", () => {
  const settings = { baseUrl: "https://gw.example.com", token: "ccm_it's" };

  it("are valid JSON and lines that a shell reads as they are meant", () => {
    expect(JSON.parse(settingsJson(settings))).toEqual({
      env: { ANTHROPIC_BASE_URL: "https://gw.example.com", ANTHROPIC_AUTH_TOKEN: "ccm_it's" },
    });
    expect(shellLines(settings)).toContain(`export ANTHROPIC_AUTH_TOKEN='ccm_it'\\''s'`);
    expect(powershellLines(settings)).toContain(`$env:ANTHROPIC_AUTH_TOKEN = 'ccm_it''s'`);
  });
});

describe("KeysPage", () => {
  beforeEach(() => reply("GET /v1/keys", { data: { items: [key], next_cursor: null } }));

  it("issues a key, shows its secret once and forgets it", async () => {
    reply("POST /v1/keys", { status: 201, data: { ...key, id: "key_2", name: "CI", secret: "ccm_secret" } });
    const wrapper = render(KeysPage, { pinia: signedIn() });
    await flushPromises();
    expect(wrapper.text()).toContain("ccm_ab12…zz99");
    await button(wrapper, "New API key")?.trigger("click");
    await wrapper.find("input[maxlength]").setValue("  CI ");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    const call = calls.find((one) => one.method === "POST");
    expect(call?.body).toEqual({ name: "CI", expires_at: null });
    expect(call?.headers["Idempotency-Key"]).toMatch(/^[0-9a-f]{32}$/);
    expect(wrapper.find("[data-testid=secret]").text()).toBe("ccm_secret");
    expect(wrapper.text()).toContain('"ANTHROPIC_AUTH_TOKEN": "ccm_secret"');
    await button(wrapper, "I have stored it")?.trigger("click");
    await flushPromises();
    expect(wrapper.html()).not.toContain("ccm_secret");
  });

  it("keeps the form and says why when it is refused", async () => {
    reply("POST /v1/keys", { status: 409, data: { code: "keys.limit_reached", detail: "Enough keys." } });
    const wrapper = render(KeysPage, { pinia: signedIn() });
    await flushPromises();
    await button(wrapper, "New API key")?.trigger("click");
    await wrapper.find("input[maxlength]").setValue("CI");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(wrapper.find("[role=alert]").text()).toContain("Enough keys.");
  });

  it("lets viewers only look", async () => {
    const wrapper = render(KeysPage, { pinia: signedIn("viewer") });
    await flushPromises();
    expect(button(wrapper, "New API key")).toBeUndefined();
    expect(lastCall()?.headers["X-Workspace"]).toBeUndefined();
  });
});

describe("KeyDrawer", () => {
  beforeEach(() => reply("GET /v1/keys/key_1/limits", { data: limits }));
  const drawer = (props: object = {}) =>
    render(KeyDrawer, { props: { modelValue: true, target: key, mayWrite: true, ...props }, pinia: signedIn() });

  it("shows each limit as what is left of it", async () => {
    const wrapper = drawer();
    await flushPromises();
    const text = document.body.textContent;
    expect(text).toContain("Requests per minute");
    expect(text).toContain("45 of 60 left");
    expect(text).toContain("0.00 of 12.50 left");
    expect(text).toContain("Calls at once");
    wrapper.unmount();
  });

  it("sends what was changed, and keeps what the server refuses", async () => {
    reply("PUT /v1/keys/key_1/limits", { data: limits });
    const wrapper = render(KeyLimitsForm, { props: { limits, busy: false, error: null }, pinia: signedIn() });
    await wrapper.find("input[aria-label='Tokens per day']").setValue("1000");
    await wrapper.find("form").trigger("submit");
    expect(wrapper.emitted("submit")).toEqual([
      [
        {
          requests: { minute: 60 },
          tokens: { day: 1000 },
          credits: { month: "12.5" },
          models: { allow: ["claude-*"], deny: [] },
          ip: { allow: [], deny: [] },
          concurrency: null,
        },
      ],
    ]);
    await wrapper.find("input[aria-label='Tokens per day']").setValue("many");
    await wrapper.find("form").trigger("submit");
    expect(wrapper.emitted("submit")).toHaveLength(1);
    expect(wrapper.find("[role=alert]").text()).toContain("whole number");
    wrapper.unmount();
  });

  it("says why a key rests", async () => {
    const wrapper = drawer({ target: { ...key, state: "disabled", disabled_by: "plan", life_seconds: 7200 } });
    await flushPromises();
    expect(document.body.textContent).toContain("The plan allows fewer keys");
    expect(document.body.textContent).toContain("2 hours after the first use");
    wrapper.unmount();
  });
});

describe("NewKeyDialog", () => {
  it("ends a key with the chosen day, in the reader's zone", async () => {
    const wrapper = render(NewKeyDialog, { props: { modelValue: true, busy: false, error: null }, pinia: signedIn() });
    await flushPromises();
    await wrapper.find("input[maxlength]").setValue("CI");
    await wrapper.find("input[value=day]").setValue();
    await wrapper.find("input[type=date]").setValue("2099-12-31");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(wrapper.emitted("submit")).toEqual([[{ name: "CI", expires_at: "2100-01-01T00:00:00.000Z" }]]);
  });
});
