import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { acceptWaiting, declineWaiting, listWaiting } from "../api";
import type { Waiting } from "../types";
import { useSession } from "@/features/accounts";
import { useAction } from "@/shared/composables";

const KEY = ["waiting-invitations"];

/** Invitations that wait for the reader. */
export function useWaiting() {
  const { t } = useI18n();
  const session = useSession();
  const query = useQuery({ queryKey: computed(() => [...KEY, session.me?.id]), queryFn: listWaiting });
  const accept = useAction(
    async (one: Waiting) => {
      const joined = await acceptWaiting(one.id);
      await session.refresh();
      session.chosen = joined.id;
    },
    { done: (_, one) => t("members.join.joined", { workspace: one.workspace }), refresh: [KEY] },
  );
  const decline = useAction((one: Waiting) => declineWaiting(one.id), {
    done: () => t("members.join.declined"),
    refresh: [KEY],
  });
  return { waiting: computed(() => query.data.value?.items ?? []), accept, decline };
}
