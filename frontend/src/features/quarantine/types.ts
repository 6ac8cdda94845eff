import type { Item } from "@/shared/api";

export type Quarantined = Item<"/v1/admin/quarantine">;
export type QuarantineState = "open" | "resolved";
