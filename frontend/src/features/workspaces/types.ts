import type { Body, Item } from "@/shared/api";

export type AdminWorkspace = Item<"/v1/admin/workspaces">;
export type NewWorkspace = Body<"/v1/admin/workspaces">;
export type NewGrant = Body<"/v1/admin/workspaces/{workspace_id}/grants">;
export type NewName = Body<"/v1/admin/workspaces/{workspace_id}", "patch">;
