import { useQuery } from "@tanstack/vue-query";
import { computed, watch } from "vue";
import { listMoves, startMove, stopMove } from "../api";
import type { NewMove, SubscriberMove } from "../types";
import { useAction } from "@/shared/composables";

const PACKAGES = ["admin", "packages"];
const SUBSCRIPTIONS = ["admin", "subscriptions"];
const WATCH_MS = 1_000;

/** How much of a move is behind it, in percent. */
export function percentOf(move: SubscriberMove): number {
  const done = move.moved + move.skipped + move.failed;
  if (move.state === "done") return 100;
  return move.total ? Math.min(99, Math.floor((100 * done) / move.total)) : 0;
}

/** The newest move of a package's subscribers, watched while it runs. */
export function useMoves(packageId: () => string | undefined) {
  const key = computed(() => [...PACKAGES, "moves", packageId()]);
  const query = useQuery({
    queryKey: key,
    queryFn: () => listMoves(packageId() ?? ""),
    enabled: computed(() => !!packageId()),
    refetchInterval: (found) => (found.state.data?.items[0]?.state === "running" ? WATCH_MS : false),
  });
  const newest = computed(() => query.data.value?.items[0]);
  const refresh = [PACKAGES, SUBSCRIPTIONS];
  return {
    newest,
    start: useAction((input: { id: string; body: NewMove }) => startMove(input.id, input.body), { refresh, quiet: true }),
    stop: useAction((input: { id: string; moveId: string }) => stopMove(input.id, input.moveId), { refresh }),
    /** Does something when a move that was seen running has ended. */
    whenEnded: (then: () => void) =>
      watch(
        () => newest.value?.state,
        (now, before) => {
          if (before === "running" && now !== "running") then();
        },
      ),
  };
}
