import { useQuery } from "@tanstack/vue-query";
import { computed, ref, toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import {
  applyFor,
  assign,
  extend,
  fetchSubscription,
  keep,
  listProofs,
  listSubscriptions,
  pause,
  previewFor,
  resetMany,
  resume,
  retry,
} from "../api";
import type { Assignment, Question, Reset, State } from "../types";
import { useAction, usePages } from "@/shared/composables";

const KEY = ["admin", "subscriptions"];
const AFTER = [KEY, ["subscription"], ["credits"], ["admin", "packages"], ["admin", "workspaces"]];

/** All subscriptions, by state; `failed` are those whose renewal is set aside. */
export function useSubscriptions() {
  const { t } = useI18n();
  const state = ref<State | "all" | "failed">("all");
  const filter = computed(() => {
    if (state.value === "failed") return { failed: true };
    return state.value === "all" ? {} : { state: state.value };
  });
  const pages = usePages(
    computed(() => [...KEY, "list", filter.value]),
    (page) => listSubscriptions(filter.value, page),
  );
  const create = useAction((body: Assignment) => assign(body), {
    done: () => t("subscriptions.assign.done"),
    refresh: AFTER,
    quiet: true,
  });
  return { state, pages, create };
}

/** Periods that are ended now and begun anew, for one or many. */
export function useReset() {
  return {
    preview: useAction((body: Reset) => resetMany(body), { quiet: true }),
    reset: useAction((body: Reset) => resetMany(body), { refresh: AFTER, quiet: true }),
  };
}

/** One subscription, its proofs, and what an administrator does to it. */
export function useSubscription(id: MaybeRefOrGetter<string>) {
  const { t } = useI18n();
  const enabled = computed(() => !!toValue(id));
  const detail = useQuery({
    queryKey: computed(() => [...KEY, toValue(id), "detail"]),
    queryFn: () => fetchSubscription(toValue(id)),
    enabled,
  });
  const proofs = usePages(
    computed(() => [...KEY, toValue(id), "proofs"]),
    (page) => listProofs(toValue(id), page),
    { enabled },
  );
  const done = (): string => t("subscriptions.done");
  const quiet = true;
  return {
    detail,
    proofs,
    extend: useAction(
      (input: { endsAt: string | null; reason: string }) => extend(toValue(id), input.endsAt, input.reason),
      { done, refresh: AFTER, quiet },
    ),
    pause: useAction((reason: string) => pause(toValue(id), reason), { done, refresh: AFTER, quiet }),
    keep: useAction((reason: string) => keep(toValue(id), reason), { done, refresh: AFTER, quiet }),
    resume: useAction(() => resume(toValue(id)), { done, refresh: AFTER }),
    retry: useAction(() => retry(toValue(id)), { done, refresh: AFTER }),
    preview: useAction((question: Question) => previewFor(toValue(id), question), { quiet }),
    apply: useAction(
      (input: { action: Question["action"]; previewId: string; reason: string }) =>
        applyFor(toValue(id), input.action, input.previewId, input.reason),
      { refresh: AFTER, quiet },
    ),
  };
}
