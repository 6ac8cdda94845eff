import { useI18n } from "vue-i18n";
import { endOtherSessions, endSession, listSessions } from "../api";
import { useAction, usePages } from "@/shared/composables";

const KEY = ["sessions"];

/** Where one is signed in. */
export function useSessions() {
  const { t } = useI18n();
  const pages = usePages(KEY, listSessions);
  const end = useAction((id: string) => endSession(id), {
    done: () => t("security.sessions.ended"),
    refresh: [KEY],
    quiet: true,
  });
  const endOthers = useAction(() => endOtherSessions(), {
    done: (answer) => t("security.sessions.othersEnded", { count: answer.ended }),
    refresh: [KEY],
    quiet: true,
  });
  return { pages, end, endOthers };
}
