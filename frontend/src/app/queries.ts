import type { DefaultOptions } from "@tanstack/vue-query";
import { toApiError } from "@/shared/api";

const MOST_RETRIES = 2;

/** Answers are fresh for a quarter of a minute; only what may pass by itself is tried again. */
export const queryDefaults: DefaultOptions = {
  queries: {
    staleTime: 15_000,
    retry: (failures, error) => failures < MOST_RETRIES && toApiError(error).passing,
    retryDelay: (attempt) => 500 * 2 ** attempt,
  },
  mutations: { retry: false },
};
