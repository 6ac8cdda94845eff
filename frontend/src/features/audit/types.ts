import type { Answer, Item, Query } from "@/shared/api";

export type AuditEntry = Item<"/v1/admin/audit-log">;
export type AuditQuery = NonNullable<Query<"/v1/admin/audit-log">>;
export type AuditExportQuery = NonNullable<Query<"/v1/admin/audit-log/export">>;
export type Books = Answer<"/v1/admin/books">;
export type Invariant = Books["invariants"][number];
