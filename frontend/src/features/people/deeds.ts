import type { AdminUser, Deed } from "./types";

export interface Factor {
  enabled: boolean;
  required: boolean;
}

/** What an administrator may do to somebody as they stand, in the order of the buttons. */
export function deedsFor(user: AdminUser, factor: Factor | undefined, isMe: boolean): Deed[] {
  const active = user.state === "active";
  const isAdmin = user.role === "admin";
  const choices: [Deed, boolean][] = [
    ["viewAs", active && !isAdmin && !isMe],
    ["makeAdmin", active && !isAdmin],
    ["makeUser", active && isAdmin],
    ["endSessions", active],
    ["require", factor?.required === false],
    ["unrequire", factor?.required === true],
    ["reset", factor?.enabled === true],
    ["suspend", active && !isMe],
  ];
  return choices.filter(([, fits]) => fits).map(([deed]) => deed);
}
