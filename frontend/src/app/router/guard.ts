import type { NavigationGuardReturn, RouteLocationNormalized } from "vue-router";
import { useSession } from "@/features/accounts";

/** Who may go where. The server decides over data; this only spares people pages that would stay empty. */
export async function guard(to: RouteLocationNormalized): Promise<NavigationGuardReturn> {
  const session = useSession();
  if (session.state === "unknown" || session.state === "unreachable") await session.load();
  if (session.state === "unreachable") return true;
  if (session.state === "out" && !to.meta.open) {
    return { name: "sign-in", query: to.fullPath === "/" ? {} : { redirect: to.fullPath } };
  }
  if (session.state === "in" && to.name === "sign-in") return { name: "overview" };
  if (to.meta.admin && !session.isAdmin) return { name: "overview" };
  return true;
}
