import { useI18n } from "vue-i18n";
import { closeWorkspace, leaveWorkspace, openWorkspace } from "../api";
import { useSession } from "@/features/accounts";
import { useAction } from "@/shared/composables";

/** A shared workspace of one's own, which is then the one on the screen. */
export function useOpening() {
  const { t } = useI18n();
  const session = useSession();
  return useAction(
    async (name: string) => {
      const opened = await openWorkspace(name);
      await session.refresh();
      session.chosen = opened.id;
      return opened;
    },
    { done: () => t("workspaces.created"), quiet: true },
  );
}

/** The ways out of the workspace on the screen; afterwards the session knows about it. */
export function useLeaving() {
  const { t } = useI18n();
  const session = useSession();
  const leave = useAction(
    async (id: string) => {
      await leaveWorkspace(id);
      await session.refresh();
    },
    { done: () => t("workspaces.leave.done"), quiet: true },
  );
  const close = useAction(
    async (name: string) => {
      await closeWorkspace(name);
      await session.refresh();
    },
    { done: () => t("workspaces.close.done"), refresh: [["keys"], ["members"], ["invitations"]], quiet: true },
  );
  return { leave, close };
}
