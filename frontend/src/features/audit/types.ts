import type { Answer, Item } from "@/shared/api";

export type AuditEntry = Item<"/v1/admin/audit-log">;
export type Books = Answer<"/v1/admin/books">;
export type Invariant = Books["invariants"][number];
