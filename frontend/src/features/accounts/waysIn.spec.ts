import { flushPromises } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import PasswordForm from "./components/PasswordForm.vue";
import { inside, keepOnward, peekOnward, takeOnward } from "./onward";
import RegisterPage from "./pages/RegisterPage.vue";
import SignInPage from "./pages/SignInPage.vue";
import { useSession } from "./session";
import { calls, lastCall, reply } from "../../../tests/fakeServer";
import { render, testRouter } from "../../../tests/mounting";

const provider = { name: "Example", start: "/v1/auth/oidc/start" };
const terms = { url: "https://example.com/terms", version: "1", texts: { en: "I accept the terms.", zh: "我接受条款。" } };

beforeEach(() => {
  document.cookie = "ccm_csrf=; max-age=0";
  localStorage.clear();
  setActivePinia(createPinia());
});

async function open(page: object, path: string) {
  const router = testRouter();
  await router.push(path);
  const wrapper = render(page, { router });
  await flushPromises();
  return { wrapper, router };
}

describe("where somebody wanted to go", () => {
  it("is kept for a day, inside of the portal only, and given once", () => {
    keepOnward("//evil.example");
    expect(peekOnward()).toBeUndefined();
    expect([inside("/\\evil.example"), inside(["/a"]), inside("/usage?tab=x")]).toEqual([undefined, undefined, "/usage?tab=x"]);
    keepOnward("/join#t=abc");
    expect([takeOnward(), takeOnward()]).toEqual(["/join#t=abc", undefined]);
    keepOnward("/join#t=abc");
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 25 * 60 * 60 * 1000);
    expect(takeOnward()).toBeUndefined();
    vi.restoreAllMocks();
    localStorage.setItem("ccm.onward", "{");
    expect(takeOnward()).toBeUndefined();
  });
});

describe("SignInPage", () => {
  it("has no form for a password where passwords are off, but for an emergency", async () => {
    reply("GET /v1/auth/methods", { data: { passwords: false, provider } });
    reply("GET /v1/auth/registration", { data: { mode: "open", domains: [], terms: null } });
    const { wrapper } = await open(SignInPage, "/sign-in?redirect=/usage");
    expect(wrapper.find("a.el-button").attributes("href")).toBe("/v1/auth/oidc/start?redirect=%2Fusage");
    expect(wrapper.find("input[name=password]").exists()).toBe(false);
    expect(wrapper.text()).not.toContain("Create an account");
    await wrapper.find("button.ccm-link").trigger("click");
    expect(wrapper.find("input[name=password]").exists()).toBe(true);
  });

  it("goes back to the invitation that somebody came from", async () => {
    keepOnward("/join#t=abc");
    const me = { email_verified: true, workspaces: [], locale: "en", time_zone: "UTC" };
    reply("POST /v1/auth/login", { data: {} });
    reply("GET /v1/me", { data: me });
    const { wrapper, router } = await open(SignInPage, "/sign-in");
    await wrapper.find("input[name=email]").setValue("ann@example.com");
    await wrapper.find("input[name=password]").setValue("correct horse");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(router.currentRoute.value.fullPath).toBe("/join#t=abc");
  });
});

describe("RegisterPage", () => {
  async function fill(wrapper: Awaited<ReturnType<typeof open>>["wrapper"]) {
    await wrapper.find("input[name=name]").setValue("Ann");
    await wrapper.find("input[name=email]").setValue("ann@example.com");
    await wrapper.find("input[name=new-password]").setValue("correct horse");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
  }

  it("asks for the terms, and says that they were accepted", async () => {
    reply("GET /v1/auth/registration", { data: { mode: "open", domains: [], terms } });
    reply("POST /v1/auth/register", { status: 202, data: { status: "check_mail" } });
    const { wrapper } = await open(RegisterPage, "/register");
    expect(wrapper.text()).toContain("I accept the terms.");
    expect(wrapper.find("a[target=_blank]").attributes("href")).toBe(terms.url);
    await fill(wrapper);
    expect(calls.some((call) => call.method === "POST")).toBe(false);
    await vi.waitFor(() => expect(wrapper.text()).toContain("Accept the terms to go on."));
    await wrapper.find("input[name=terms]").setValue(true);
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(lastCall()?.body).toMatchObject({ terms_accepted: true });
  });

  it("lets whoever comes from an invitation register, and sends its token", async () => {
    keepOnward("/join#t=abc-DEF_1");
    reply("GET /v1/auth/registration", { data: { mode: "invitation", domains: [], terms: null } });
    reply("POST /v1/auth/register", { status: 202, data: { status: "check_mail" } });
    const { wrapper } = await open(RegisterPage, "/register");
    await fill(wrapper);
    expect(lastCall()?.body).toMatchObject({ invitation: "abc-DEF_1", terms_accepted: false });
    expect(peekOnward()).toBe("/join#t=abc-DEF_1");
  });
});

describe("PasswordForm", () => {
  it("sends a link for a first password to whoever has none", async () => {
    const pinia = createPinia();
    setActivePinia(pinia);
    useSession().adopt({ email: "ann@example.com", name: "Ann", has_password: false, workspaces: [] } as never);
    reply("GET /v1/auth/methods", { data: { passwords: true, provider } });
    reply("POST /v1/auth/password/forgot", { status: 202, data: { status: "check_mail" } });
    const wrapper = render(PasswordForm, { pinia });
    await flushPromises();
    expect(wrapper.find("input[autocomplete=current-password]").exists()).toBe(false);
    await wrapper.find("button").trigger("click");
    await flushPromises();
    expect(lastCall()?.body).toEqual({ email: "ann@example.com" });
    expect(wrapper.text()).toContain("The link is on its way.");
  });
});
