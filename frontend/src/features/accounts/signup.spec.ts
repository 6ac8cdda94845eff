import { flushPromises } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import AddressForm from "./components/AddressForm.vue";
import { strengthOf } from "./passwordStrength";
import ForgotPage from "./pages/ForgotPage.vue";
import LinkPage from "./pages/LinkPage.vue";
import RegisterPage from "./pages/RegisterPage.vue";
import ResetPage from "./pages/ResetPage.vue";
import { calls, lastCall, reply } from "../../../tests/fakeServer";
import { render, testRouter } from "../../../tests/mounting";

const dead = { status: 422, data: { code: "accounts.link_dead", detail: "This link does not work any more." } };

beforeEach(() => {
  document.cookie = "ccm_csrf=; max-age=0";
  setActivePinia(createPinia());
});

async function open(page: object, path: string, props = {}) {
  const router = testRouter();
  await router.push(path);
  const wrapper = render(page, { router, props });
  await flushPromises();
  return { wrapper, router };
}

describe("strengthOf", () => {
  it("goes up with what cannot be expected, not with rules of composition", () => {
    expect(strengthOf("Aa1!")).toBe(0);
    expect(strengthOf("aaaaaaaaaaaa")).toBe(0);
    expect(strengthOf("12345678901234")).toBeLessThan(2);
    expect(strengthOf("qwertyuiop")).toBeLessThan(2);
    expect(strengthOf("horse riding")).toBeGreaterThan(1);
    expect(strengthOf("correct horse battery staple")).toBe(4);
    expect(strengthOf("正确的马电池订书钉")).toBeGreaterThan(2);
  });

  it("does not count what everybody knows of the person", () => {
    expect(strengthOf("ann.example.com", ["Ann", "ann@example.com"])).toBe(0);
    expect(strengthOf("Annabel Weber 1", ["Annabel Weber"])).toBeLessThan(2);
  });
});

describe("RegisterPage", () => {
  async function fill(answer: object) {
    reply("GET /v1/auth/registration", { data: { mode: "open", domains: [] } });
    reply("POST /v1/auth/register", answer);
    const { wrapper } = await open(RegisterPage, "/register");
    await wrapper.find("input[name=name]").setValue("Ann ");
    await wrapper.find("input[name=email]").setValue(" ann@example.com");
    await wrapper.find("input[name=new-password]").setValue("correct horse");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    return wrapper;
  }

  it("sends what the reader typed, with language and zone, and says to look into the mail", async () => {
    const wrapper = await fill({ status: 202, data: { status: "check_mail" } });
    expect(lastCall()?.body).toMatchObject({ name: "Ann", email: "ann@example.com", password: "correct horse" });
    expect(Object.keys(lastCall()?.body as object)).toEqual(expect.arrayContaining(["locale", "time_zone"]));
    expect(wrapper.text()).toContain("ann@example.com");
    expect(wrapper.find("form").exists()).toBe(false);
  });

  it("shows what is wrong with a field beside it", async () => {
    const errors = [{ pointer: "/password", code: "password.too_common", detail: "Easy to guess." }];
    const wrapper = await fill({ status: 422, data: { code: "input.invalid", detail: "x", errors } });
    await vi.waitFor(() => expect(wrapper.text()).toContain("Easy to guess."));
    expect(wrapper.find("[role=alert].error").exists()).toBe(false);
  });

  it("says when one needs an invitation", async () => {
    reply("GET /v1/auth/registration", { data: { mode: "invitation", domains: [] } });
    const { wrapper } = await open(RegisterPage, "/register");
    expect(wrapper.text()).toContain("by invitation");
    expect(wrapper.find("form").exists()).toBe(false);
  });
});

describe("links from mails", () => {
  it("are followed at once and taken out of the address", async () => {
    reply("POST /v1/auth/verify-email", { status: 204 });
    const { wrapper, router } = await open(LinkPage, "/verify#t=secret", { kind: "verify" });
    expect(lastCall()?.body).toEqual({ token: "secret" });
    expect(router.currentRoute.value.hash).toBe("");
    expect(wrapper.text()).toContain("Your address is confirmed");
  });

  it("say that they are dead", async () => {
    reply("POST /v1/auth/address/confirm", dead);
    const { wrapper } = await open(LinkPage, "/confirm-address#t=old", { kind: "confirm" });
    expect(wrapper.text()).toContain("does not work any more");
    const empty = await open(LinkPage, "/verify", { kind: "verify" });
    expect(empty.wrapper.text()).toContain("does not work any more");
  });

  it("that undo something ask first", async () => {
    reply("POST /v1/auth/address/undo", { status: 204 });
    const { wrapper } = await open(LinkPage, "/undo-address#t=secret", { kind: "undo" });
    expect(calls).toEqual([]);
    await wrapper.find("button").trigger("click");
    await flushPromises();
    expect(lastCall()?.body).toEqual({ token: "secret" });
    expect(wrapper.text()).toContain("Your old address is back");
  });
});

describe("a forgotten password", () => {
  it("is asked for without a word on who is known", async () => {
    reply("POST /v1/auth/password/forgot", { status: 202, data: { status: "check_mail" } });
    const { wrapper } = await open(ForgotPage, "/forgot");
    await wrapper.find("input[name=email]").setValue("ann@example.com");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(wrapper.text()).toContain("If there is an account");
  });

  it("is replaced, then one signs in", async () => {
    reply("POST /v1/auth/password/reset", { status: 204 });
    const { wrapper, router } = await open(ResetPage, "/reset#t=secret");
    await wrapper.find("input[name=new-password]").setValue("correct horse");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(lastCall()?.body).toEqual({ token: "secret", password: "correct horse" });
    expect(router.currentRoute.value.fullPath).toBe("/sign-in?reset=");
  });

  it("offers a new link for a dead one", async () => {
    reply("POST /v1/auth/password/reset", dead);
    const { wrapper } = await open(ResetPage, "/reset#t=old");
    await wrapper.find("input[name=new-password]").setValue("correct horse");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    expect(wrapper.find("a[href='/forgot']").exists()).toBe(true);
  });
});

describe("AddressForm", () => {
  it("shows what waits to be confirmed, and can take it back", async () => {
    const pending = { email: "ann@example.com", pending: "new@example.org", pending_until: "2026-01-02T00:00:00.000Z" };
    reply("GET /v1/me/address", { data: pending });
    reply("POST /v1/me/address/cancel", { data: { ...pending, pending: null, pending_until: null } });
    const { wrapper } = await open(AddressForm, "/profile");
    expect(wrapper.find("[role=status]").text()).toContain("new@example.org");
    await wrapper.find("[role=status] button").trigger("click");
    await flushPromises();
    expect(calls.some((call) => call.path === "/v1/me/address/cancel")).toBe(true);
  });
});
