import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { fetchMethods } from "../api";

/** How one can sign in here: with a password, at an identity provider, or either. */
export function useMethods() {
  const methods = useQuery({ queryKey: ["sign-in-methods"], queryFn: fetchMethods, staleTime: Infinity });
  const provider = computed(() => methods.data.value?.provider ?? undefined);
  return {
    provider,
    passwords: computed(() => methods.data.value?.passwords ?? true),
    /** Where the browser goes to sign in at the provider; `anew` asks for a fresh proof even of whoever is signed in. */
    startAt: (redirect: string, anew = false) =>
      `${provider.value?.start}?${new URLSearchParams({ redirect, ...(anew ? { prompt: "login" } : {}) })}`,
  };
}
