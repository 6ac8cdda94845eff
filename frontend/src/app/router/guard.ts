import type { NavigationGuardReturn, RouteLocationNormalized } from "vue-router";
import { useSession } from "@/features/accounts";

/** Pages for people who are not signed in. */
const STRANGERS = new Set<unknown>(["sign-in", "register", "forgot", "unverified"]);

/** Who may go where. The server decides over data; this only spares people pages that would stay empty. */
export async function guard(to: RouteLocationNormalized): Promise<NavigationGuardReturn> {
  const session = useSession();
  if (session.state === "unknown" || session.state === "unreachable") await session.load();
  if (session.state === "unreachable") return true;
  if (session.state === "out") return strangers(to);
  if (session.me?.email_verified === false) return unverified(to);
  if (session.me?.must_enrol) return enrolFirst(to);
  if (STRANGERS.has(to.name)) return { name: "overview" };
  if (to.meta.admin && !session.isAdmin) return { name: "overview" };
  return true;
}

function strangers(to: RouteLocationNormalized): NavigationGuardReturn {
  if (to.meta.open && to.name !== "unverified") return true;
  return { name: "sign-in", query: to.fullPath === "/" ? {} : { redirect: to.fullPath } };
}

/** They can confirm their address, and follow links from mails, whoever they have signed in as. */
function unverified(to: RouteLocationNormalized): NavigationGuardReturn {
  if (to.name === "unverified") return true;
  return to.meta.open && !STRANGERS.has(to.name) ? true : { name: "unverified" };
}

/** Nothing else is open before a demanded second factor is set up. */
function enrolFirst(to: RouteLocationNormalized): NavigationGuardReturn {
  return to.name === "set-up-factor" ? true : { name: "set-up-factor" };
}
