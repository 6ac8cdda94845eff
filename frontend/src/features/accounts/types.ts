import type { Answer, Body, Item } from "@/shared/api";

export type Me = Answer<"/v1/me">;
export type Membership = Me["workspaces"][number];
export type Role = Membership["role"];
export type AdminUser = Item<"/v1/admin/users">;
export type ProfileChange = Body<"/v1/me", "patch">;
export type PasswordChange = Body<"/v1/me/password">;
export type Registration = Body<"/v1/auth/register">;
export type Reset = Body<"/v1/auth/password/reset">;
export type AddressChange = Body<"/v1/me/address">;
