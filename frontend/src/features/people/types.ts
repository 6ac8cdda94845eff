import type { Body, Item } from "@/shared/api";

export type AdminUser = Item<"/v1/admin/users">;
export type UserRole = AdminUser["role"];
export type NewUser = Body<"/v1/admin/users">;
export type NewInvitation = Body<"/v1/admin/users/invite">;
export type Suspension = Body<"/v1/admin/users/{user_id}/suspend">;

/** What an administrator does to somebody, with a reason. */
export type Deed = "suspend" | "makeAdmin" | "makeUser" | "endSessions" | "require" | "unrequire" | "reset" | "viewAs";
