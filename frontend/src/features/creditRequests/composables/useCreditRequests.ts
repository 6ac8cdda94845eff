import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import { approveRequest, askForCredits, denyRequest, listAllRequests, listRequests, withdrawRequest } from "../api";
import type { Approval, NewRequest } from "../types";
import { useSession } from "@/features/accounts";
import { useAction, usePages } from "@/shared/composables";

const MINE = ["credit-requests"];
const ALL = ["admin", "credit-requests"];

/** The requests of the workspace on the screen. */
export function useRequests() {
  const { t } = useI18n();
  const session = useSession();
  return {
    pages: usePages(
      computed(() => [...MINE, session.workspace?.id]),
      listRequests,
    ),
    ask: useAction((body: NewRequest) => askForCredits(body), {
      done: () => t("creditRequests.asked"),
      refresh: [MINE, ALL],
      quiet: true,
    }),
    withdraw: useAction((id: string) => withdrawRequest(id), {
      done: () => t("creditRequests.withdrawn"),
      refresh: [MINE, ALL],
    }),
  };
}

/** The requests of everybody, and what an administrator decides. */
export function useAllRequests() {
  const { t } = useI18n();
  const shown = ref<"open" | "all">("open");
  const state = computed(() => (shown.value === "open" ? ("open" as const) : undefined));
  const refresh = [MINE, ALL, ["credits"], ["admin", "workspaces"]];
  return {
    shown,
    pages: usePages(
      computed(() => [...ALL, state.value]),
      (page) => listAllRequests(state.value, page),
    ),
    approve: useAction((input: { id: string; body: Approval }) => approveRequest(input.id, input.body), {
      done: () => t("creditRequests.approved"),
      refresh,
      quiet: true,
    }),
    deny: useAction((input: { id: string; note: string }) => denyRequest(input.id, input.note), {
      done: () => t("creditRequests.denied"),
      refresh,
      quiet: true,
    }),
  };
}
