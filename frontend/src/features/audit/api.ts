import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const listAuditLog = (action: string | undefined, actorId: string | undefined, page: PageRequest) =>
  api.get("/v1/admin/audit-log", { query: { ...page, action, actor_id: actorId } });

export const fetchBooks = () => api.get("/v1/admin/books");
