import { useQuery } from "@tanstack/vue-query";
import { refDebounced } from "@vueuse/core";
import { computed, reactive } from "vue";
import { exportAuditLog, fetchBooks, listAuditLog } from "../api";
import { listUsers } from "@/features/accounts";
import { saveFile } from "@/shared/api";
import { useAction, usePages } from "@/shared/composables";
import { dayFromText } from "@/shared/format";
import { usePreferences } from "@/shared/preferences";

const EMPTY = { action: "", actor: "", subject: "", workspace: "", request: "", from: "", to: "" };
const SETTLES_MS = 300;

/** Who did what. */
export function useAuditLog() {
  const preferences = usePreferences();
  const asked = reactive({ ...EMPTY });
  const wanted = computed(() => ({
    action: asked.action.trim() || undefined,
    actor_id: asked.actor || undefined,
    subject_id: asked.subject.trim() || undefined,
    workspace_id: asked.workspace.trim() || undefined,
    request_id: asked.request.trim() || undefined,
    from: asked.from ? dayFromText(asked.from, preferences.zone).toISOString() : undefined,
    to: asked.to ? dayFromText(asked.to, preferences.zone, 1).toISOString() : undefined,
  }));
  const filter = refDebounced(wanted, SETTLES_MS);
  const pages = usePages(
    computed(() => ["admin", "audit-log", filter.value]),
    (page) => listAuditLog({ ...filter.value, ...page }),
  );
  const users = useQuery({
    queryKey: ["admin", "users", "choice"],
    queryFn: () => listUsers({ limit: 200, cursor: undefined }),
  });
  const file = useAction(async (format: "csv" | "ndjson") => {
    saveFile(await exportAuditLog({ ...wanted.value, format }), `audit-log.${format}`);
  });
  return {
    pages,
    asked,
    file,
    filtered: computed(() => Object.values(asked).some(Boolean)),
    clear: () => Object.assign(asked, EMPTY),
    users: computed(() => users.data.value?.items ?? []),
  };
}

/** What the last run of the audit found. */
export function useBooks() {
  return useQuery({ queryKey: ["admin", "books"], queryFn: fetchBooks, refetchInterval: 60_000 });
}
