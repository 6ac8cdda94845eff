import type { Role } from "./types";

/** From what reads only to what owns; each may all that those before it may. */
export const ROLES: readonly Role[] = ["viewer", "member", "manager", "owner"];

const rank = (role: Role): number => ROLES.indexOf(role);

/** The roles that somebody may give: managers up to their own, owners every one. */
export function givable(mine: Role): Role[] {
  return rank(mine) < rank("manager") ? [] : ROLES.filter((role) => rank(role) <= rank(mine));
}

export const mayManage = (role: Role | undefined): boolean => role !== undefined && givable(role).length > 0;

export const mayHoldKeys = (role: Role): boolean => rank(role) >= rank("member");
