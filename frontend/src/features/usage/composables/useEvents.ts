import { useQuery } from "@tanstack/vue-query";
import { computed, ref, toValue, type MaybeRefOrGetter } from "vue";
import { fetchEvent, listEvents } from "../api";
import type { EventsQuery } from "../types";
import { useSession } from "@/features/accounts";
import { usePages } from "@/shared/composables";

/** Single calls, newest first, and the one whose receipt is open. */
export function useEvents(question: MaybeRefOrGetter<EventsQuery>) {
  const session = useSession();
  const status = ref<"all" | "ok" | "error">("all");
  const query = computed(() => ({
    ...toValue(question),
    status: status.value === "all" ? undefined : status.value,
  }));
  const pages = usePages(
    computed(() => ["usage", session.workspace?.id, "events", query.value]),
    (page) => listEvents({ ...query.value, ...page } as EventsQuery),
  );
  return { pages, status };
}

export function useEvent(id: MaybeRefOrGetter<string | undefined>) {
  const session = useSession();
  return useQuery({
    queryKey: computed(() => ["usage", session.workspace?.id, "event", toValue(id)]),
    queryFn: () => fetchEvent(toValue(id) ?? ""),
    enabled: computed(() => !!toValue(id)),
  });
}
