import { flushPromises } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";
import IdentitiesPanel from "./components/IdentitiesPanel.vue";
import StepUpDialog from "./components/StepUpDialog.vue";
import { useStepUp } from "./stepUp";
import { calls, reply } from "../../../tests/fakeServer";
import { render, testRouter } from "../../../tests/mounting";
import { useSession } from "@/features/accounts";

const provider = { name: "Example", start: "/v1/auth/oidc/start" };
const identity = {
  id: "idn_1",
  issuer: "https://login.example.com",
  created_at: "2026-11-01T00:00:00.000Z",
  last_used_at: "2026-11-02T00:00:00.000Z",
  may_unlink: true,
};

beforeEach(() => {
  setActivePinia(createPinia());
  reply("GET /v1/auth/methods", { data: { passwords: true, provider } });
});

async function panel(path: string, items: object[]) {
  reply("GET /v1/me/identities", { data: { items } });
  const router = testRouter();
  await router.push(path);
  const wrapper = render(IdentitiesPanel, { router });
  await flushPromises();
  return wrapper;
}

describe("IdentitiesPanel", () => {
  it("takes an identity away after asking, and keeps the last way in", async () => {
    const last = { ...identity, id: "idn_2", may_unlink: false };
    const wrapper = await panel("/security", [identity, last]);
    expect(wrapper.text()).toContain("Your only way in");
    reply("POST /v1/me/identities/idn_1/unlink", { status: 204 });
    const buttons = wrapper.findAll("tbody button");
    expect(buttons).toHaveLength(1);
    await buttons[0]?.trigger("click");
    await flushPromises();
    document.querySelector(".el-dialog form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await flushPromises();
    expect(calls.some((call) => call.path.endsWith("/idn_1/unlink"))).toBe(true);
  });

  it("says how linking went when the provider has sent the browser back", async () => {
    expect((await panel("/security?linked=", [identity])).text()).toContain("You can sign in with it from now on.");
    const refused = await panel("/security?problem=accounts.identity_taken", []);
    expect(refused.find("[role=alert]").text()).toContain("opens another account");
  });

  it("is not there without a provider", async () => {
    reply("GET /v1/auth/methods", { data: { passwords: true, provider: null } });
    expect((await panel("/security", [])).text()).toBe("");
  });
});

describe("StepUpDialog", () => {
  it("sends whoever has neither password nor factor to the provider, and back to the same page", async () => {
    const pinia = createPinia();
    setActivePinia(pinia);
    useSession().adopt({ email: "ann@example.com", has_password: false, workspaces: [] } as never);
    reply("GET /v1/auth/totp", { data: { enabled: false, required: false, confirmed_at: null, recovery_codes_left: 0 } });
    const router = testRouter();
    await router.push("/privacy");
    render(StepUpDialog, { pinia, router });
    void useStepUp().ask();
    await flushPromises();
    expect(document.querySelector("input[name=proof]")).toBeNull();
    expect(document.querySelector<HTMLButtonElement>(".el-dialog button[type=submit]")?.disabled).toBe(true);
    const link = document.querySelector(".el-dialog a.el-button");
    expect(link?.getAttribute("href")).toBe("/v1/auth/oidc/start?redirect=%2Fprivacy&prompt=login");
  });
});
