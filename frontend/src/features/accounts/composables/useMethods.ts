import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { fetchMethods } from "../api";

/** How one can sign in here: an identity provider stands beside the password, if there is one. */
export function useMethods() {
  const methods = useQuery({ queryKey: ["sign-in-methods"], queryFn: fetchMethods, staleTime: Infinity });
  return { provider: computed(() => methods.data.value?.provider ?? undefined) };
}
