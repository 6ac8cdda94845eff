import { flushPromises } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";
import SignInPage from "./pages/SignInPage.vue";
import { useSession } from "./session";
import { calls, reply } from "../../../tests/fakeServer";
import { render, testRouter } from "../../../tests/mounting";
import { usePreferences } from "@/shared/preferences";

const me = {
  id: "usr_1",
  email: "ann@example.com",
  name: "Ann",
  role: "user",
  locale: "zh",
  time_zone: "Asia/Shanghai",
  email_verified: true,
  created_at: "2026-01-01T00:00:00.000Z",
  must_enrol: false,
  has_password: true,
  viewing: null,
  workspaces: [
    { id: "ws_2", name: "Team", kind: "shared", role: "viewer", state: "active" },
    { id: "ws_1", name: "Personal", kind: "personal", role: "owner", state: "active" },
  ],
};

beforeEach(() => {
  document.cookie = "ccm_csrf=; max-age=0";
  setActivePinia(createPinia());
});
const cookie = () => (document.cookie = "ccm_csrf=abc");

describe("session", () => {
  it("asks nobody where no cookie says that somebody is signed in", async () => {
    await useSession().load();
    expect(useSession().state).toBe("out");
    expect(calls).toEqual([]);
  });

  it("takes the person's language and zone, and their personal workspace first", async () => {
    cookie();
    reply("GET /v1/me", { data: me });
    const session = useSession();
    await session.load();
    expect(session.state).toBe("in");
    expect(session.workspace?.id).toBe("ws_1");
    expect([usePreferences().locale, usePreferences().zone]).toEqual(["zh", "Asia/Shanghai"]);
    session.chosen = "ws_2";
    expect([session.workspace?.id, session.mayWrite]).toEqual(["ws_2", false]);
    session.chosen = "ws_gone";
    expect(session.workspace?.id).toBe("ws_1");
  });

  it("knows an ended session from a server that is away", async () => {
    cookie();
    reply("GET /v1/me", { status: 401, data: { code: "accounts.session_ended" } });
    await useSession().load();
    expect(useSession().state).toBe("out");
    reply("GET /v1/me", { status: 503, data: { code: "server.not_ready" } });
    await useSession().load();
    expect(useSession().state).toBe("unreachable");
  });
});

describe("SignInPage", () => {
  async function fill(redirect: string) {
    reply("GET /v1/auth/registration", { data: { mode: "open", domains: [] } });
    const router = testRouter();
    await router.push({ path: "/sign-in", query: { redirect } });
    const wrapper = render(SignInPage, { router });
    await wrapper.find("input[name=email]").setValue(" ann@example.com");
    await wrapper.find("input[name=password]").setValue("correct horse");
    await wrapper.find("form").trigger("submit");
    await flushPromises();
    return { wrapper, router };
  }

  it("goes where the reader wanted to go", async () => {
    reply("POST /v1/auth/login", { data: { user: me } });
    reply("GET /v1/me", { data: me });
    const { router } = await fill("/usage?tab=events");
    expect(calls.find((call) => call.method === "POST")?.body).toEqual({ email: "ann@example.com", password: "correct horse" });
    expect(router.currentRoute.value.fullPath).toBe("/usage?tab=events");
  });

  it("goes nowhere else than within the portal", async () => {
    reply("POST /v1/auth/login", { data: { user: me } });
    reply("GET /v1/me", { data: me });
    const { router } = await fill("//evil.example.com");
    expect(router.currentRoute.value.fullPath).toBe("/");
  });

  it("says that the two do not match", async () => {
    reply("POST /v1/auth/login", { status: 401, data: { code: "accounts.sign_in_refused", detail: "Wrong." } });
    const { wrapper } = await fill("/");
    expect(wrapper.find("[role=alert]").text()).toContain("Wrong.");
  });
});
