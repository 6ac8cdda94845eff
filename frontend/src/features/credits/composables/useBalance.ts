import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { fetchBalance } from "../api";
import { useSession } from "@/features/accounts";

/** What the workspace has, and when it will be used up at the pace of the last days. */
export function useBalance() {
  const session = useSession();
  return useQuery({
    queryKey: computed(() => ["credits", session.workspace?.id, "balance"]),
    queryFn: fetchBalance,
    enabled: computed(() => !!session.workspace),
  });
}
