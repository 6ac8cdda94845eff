import type { Router } from "vue-router";
import { useSession } from "@/features/accounts";
import { useStepUp } from "@/features/security";
import { bindContext } from "@/shared/api";

/** Tells the API client which workspace is meant, and what to do when the session has ended under way. */
export function connectClient(router: Router): void {
  const session = useSession();
  const stepUp = useStepUp();
  bindContext({
    workspaceId: () => session.workspace?.id ?? null,
    onUnauthenticated() {
      if (session.state !== "in") return;
      const redirect = router.currentRoute.value.fullPath;
      session.end();
      void router.replace({ name: "sign-in", query: { ended: "", redirect } });
    },
    onStepUp: () => (session.state === "in" ? stepUp.ask() : Promise.resolve(false)),
    onFactorRequired() {
      if (router.currentRoute.value.name === "set-up-factor") return;
      void session.refresh().then(() => router.replace({ name: "set-up-factor" }));
    },
  });
}
