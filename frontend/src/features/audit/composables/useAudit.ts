import { useQuery } from "@tanstack/vue-query";
import { computed, ref } from "vue";
import { fetchBooks, listAuditLog } from "../api";
import { listUsers } from "@/features/accounts";
import { usePages, useSearchText } from "@/shared/composables";

/** Who did what. */
export function useAuditLog() {
  const { text: action, settled } = useSearchText();
  const actor = ref("");
  const filter = computed(() => ({ action: settled.value.trim() || undefined, actor: actor.value || undefined }));
  const pages = usePages(
    computed(() => ["admin", "audit-log", filter.value]),
    (page) => listAuditLog(filter.value.action, filter.value.actor, page),
  );
  const users = useQuery({
    queryKey: ["admin", "users", "choice"],
    queryFn: () => listUsers({ limit: 200, cursor: undefined }),
  });
  return { pages, action, actor, users: computed(() => users.data.value?.items ?? []) };
}

/** What the last run of the audit found. */
export function useBooks() {
  return useQuery({ queryKey: ["admin", "books"], queryFn: fetchBooks, refetchInterval: 60_000 });
}
