import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { fetchSummary } from "../api";
import type { SummaryQuery } from "../types";
import { useSession } from "@/features/accounts";

/** Sums of usage for one question; the last answer stays in sight while a new one is fetched. */
export function useSummary(query: MaybeRefOrGetter<SummaryQuery>, enabled: MaybeRefOrGetter<boolean> = true) {
  const session = useSession();
  return useQuery({
    queryKey: computed(() => ["usage", session.workspace?.id, "summary", toValue(query)]),
    queryFn: ({ signal }) => fetchSummary(toValue(query), signal),
    enabled: computed(() => !!session.workspace && toValue(enabled)),
    placeholderData: keepPreviousData,
  });
}
