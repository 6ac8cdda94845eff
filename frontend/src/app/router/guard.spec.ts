import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";
import { guard } from "./guard";
import { reply } from "../../../tests/fakeServer";

const me = {
  id: "usr_1",
  email: "ann@example.com",
  name: "Ann",
  role: "user",
  locale: "en",
  time_zone: "UTC",
  email_verified: true,
  created_at: "2026-01-01T00:00:00.000Z",
  workspaces: [],
};
const to = (path: string, meta = {}) => ({ fullPath: path, path, name: path.slice(1), meta }) as never;

beforeEach(() => {
  document.cookie = "ccm_csrf=; max-age=0";
  setActivePinia(createPinia());
});

describe("guard", () => {
  it("sends strangers to sign in and remembers where they wanted to go", async () => {
    expect(await guard(to("/usage?tab=events"))).toEqual({ name: "sign-in", query: { redirect: "/usage?tab=events" } });
    expect(await guard(to("/sign-in", { open: true }))).toBe(true);
  });

  it("keeps users out of the administration", async () => {
    document.cookie = "ccm_csrf=abc";
    reply("GET /v1/me", { data: me });
    expect(await guard(to("/admin/users", { admin: true }))).toEqual({ name: "overview" });
    expect(await guard(to("/keys"))).toBe(true);
    expect(await guard(to("/sign-in", { open: true }))).toEqual({ name: "overview" });
  });

  it("leads whoever must set up a second factor there, and nowhere else", async () => {
    document.cookie = "ccm_csrf=abc";
    reply("GET /v1/me", { data: { ...me, must_enrol: true } });
    expect(await guard(to("/usage"))).toEqual({ name: "set-up-factor" });
    expect(await guard(to("/set-up-factor"))).toBe(true);
  });
});
