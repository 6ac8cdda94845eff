import { describe, expect, it } from "vitest";
import { deedsFor } from "@/features/people/deeds";
import type { AdminUser } from "@/features/people/types";
import { givable, mayHoldKeys, mayManage } from "@/features/members/roles";

const ann: AdminUser = {
  id: "usr_1",
  email: "ann@example.com",
  name: "Ann",
  role: "user",
  locale: "en",
  time_zone: "UTC",
  created_at: "2026-01-01T00:00:00.000Z",
  email_verified: true,
  state: "active",
  revision: 1,
};

describe("what an administrator may do", () => {
  it("depends on who somebody is", () => {
    const factor = { enabled: false, required: false };
    expect(deedsFor(ann, factor, false)).toEqual(["viewAs", "makeAdmin", "endSessions", "require", "suspend"]);
    expect(deedsFor({ ...ann, role: "admin" }, { enabled: true, required: true }, true)).toEqual([
      "makeUser",
      "endSessions",
      "unrequire",
      "reset",
    ]);
    expect(deedsFor({ ...ann, state: "suspended" }, undefined, false)).toEqual([]);
  });
});

describe("the roles of a workspace", () => {
  it("are given up to one's own, by managers and owners", () => {
    expect(givable("member")).toEqual([]);
    expect(givable("manager")).toEqual(["viewer", "member", "manager"]);
    expect(givable("owner")).toContain("owner");
    expect([mayManage("viewer"), mayManage(undefined), mayManage("owner")]).toEqual([false, false, true]);
    expect([mayHoldKeys("viewer"), mayHoldKeys("member")]).toEqual([false, true]);
  });
});
