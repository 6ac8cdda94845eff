import { keepPreviousData, useQuery, type QueryKey } from "@tanstack/vue-query";
import { computed, readonly, ref, toValue, watch, type MaybeRefOrGetter } from "vue";
import type { Page } from "@/shared/api";

export interface PageRequest {
  limit: number;
  cursor: string | undefined;
}

export const PAGE_SIZES = [25, 50, 100, 200] as const;

/**
 * Walks a list that the server gives out by cursor: one page on the screen at a time, however long the list.
 * A change of the key (another filter, another workspace) starts again at the first page.
 */
export function usePages<T>(
  key: MaybeRefOrGetter<QueryKey>,
  fetch: (request: PageRequest) => Promise<Page<T>>,
  options: { enabled?: MaybeRefOrGetter<boolean>; limit?: number } = {},
) {
  const limit = ref<number>(options.limit ?? PAGE_SIZES[0]);
  /** Cursors of the pages before and of this one; the first page has none. */
  const trail = ref<(string | undefined)[]>([undefined]);
  const cursor = computed(() => trail.value.at(-1));

  watch([() => JSON.stringify(toValue(key)), limit], () => (trail.value = [undefined]));

  const query = useQuery({
    queryKey: computed(() => [...toValue(key), { limit: limit.value, cursor: cursor.value }]),
    queryFn: () => fetch({ limit: limit.value, cursor: cursor.value }),
    enabled: options.enabled ?? true,
    placeholderData: keepPreviousData,
  });

  const nextCursor = computed(() => query.data.value?.next_cursor ?? undefined);

  return {
    rows: computed<T[]>(() => query.data.value?.items ?? []),
    pending: query.isPending,
    fetching: query.isFetching,
    error: query.error,
    retry: () => void query.refetch(),
    limit: readonly(limit),
    setLimit: (rows: number) => (limit.value = rows),
    pageNumber: computed(() => trail.value.length),
    hasPrevious: computed(() => trail.value.length > 1),
    hasNext: computed(() => nextCursor.value !== undefined),
    next() {
      if (nextCursor.value !== undefined && !query.isPlaceholderData.value) trail.value.push(nextCursor.value);
    },
    previous() {
      if (trail.value.length > 1) trail.value.pop();
    },
  };
}

export type Pages<T> = ReturnType<typeof usePages<T>>;
