import type { AuditExportQuery, AuditQuery } from "./types";
import { api, download } from "@/shared/api";

export const listAuditLog = (query: AuditQuery) => api.get("/v1/admin/audit-log", { query });

export const exportAuditLog = (query: AuditExportQuery) => download("/v1/admin/audit-log/export", query);

export const fetchBooks = () => api.get("/v1/admin/books");
