import type { NewGrant, NewName, NewWorkspace } from "./types";
import type { LedgerKind } from "@/features/credits";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const listWorkspaces = (search: string, page: PageRequest) =>
  api.get("/v1/admin/workspaces", { query: { ...page, search } });

export const createWorkspace = (body: NewWorkspace) => api.post("/v1/admin/workspaces", { body });

export const fetchWorkspace = (id: string) =>
  api.get("/v1/admin/workspaces/{workspace_id}", { path: { workspace_id: id } });

export const listWorkspaceGrants = (id: string, page: PageRequest) =>
  api.get("/v1/admin/workspaces/{workspace_id}/grants", { path: { workspace_id: id }, query: page });

export const listWorkspaceLedger = (id: string, kind: LedgerKind | undefined, page: PageRequest) =>
  api.get("/v1/admin/workspaces/{workspace_id}/ledger", {
    path: { workspace_id: id },
    query: { ...page, kind },
  });

export const grantCredits = (id: string, body: NewGrant, idempotencyKey: string) =>
  api.post("/v1/admin/workspaces/{workspace_id}/grants", { path: { workspace_id: id }, body, idempotencyKey });

export const voidGrant = (id: string, grantId: string, reason: string) =>
  api.post("/v1/admin/workspaces/{workspace_id}/grants/{grant_id}/void", {
    path: { workspace_id: id, grant_id: grantId },
    body: { reason },
  });

export const expireGrant = (id: string, grantId: string, reason: string) =>
  api.post("/v1/admin/workspaces/{workspace_id}/grants/{grant_id}/expire", {
    path: { workspace_id: id, grant_id: grantId },
    body: { reason },
  });

/** Writes the opposite of an entry; nothing is changed or deleted. */
export const reverseEntry = (id: string, seq: number, reason: string) =>
  api.post("/v1/admin/workspaces/{workspace_id}/ledger/{seq}/reverse", {
    path: { workspace_id: id, seq },
    body: { reason },
  });

export const renameAnyWorkspace = (id: string, body: NewName) =>
  api.patch("/v1/admin/workspaces/{workspace_id}", { path: { workspace_id: id }, body });

export const suspendWorkspace = (id: string, reason: string) =>
  api.post("/v1/admin/workspaces/{workspace_id}/suspend", { path: { workspace_id: id }, body: { reason } });

export const reactivateWorkspace = (id: string) =>
  api.post("/v1/admin/workspaces/{workspace_id}/reactivate", { path: { workspace_id: id } });

/** The workspace on the screen, as its owner names it. */
export const renameWorkspace = (name: string) => api.patch("/v1/workspace", { body: { name } });

export const openWorkspace = (name: string) => api.post("/v1/workspaces", { body: { name } });

export const leaveWorkspace = (id: string) =>
  api.post("/v1/workspaces/{workspace_id}/leave", { path: { workspace_id: id } });

/** The workspace on the screen; its name is the proof that it is the one that is meant. */
export const closeWorkspace = (name: string) => api.post("/v1/workspace/close", { body: { name } });
