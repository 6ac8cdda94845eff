import type { KeyChange, KeyIssue, KeyLimitsChange } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const listKeys = (page: PageRequest) => api.get("/v1/keys", { query: page });

export const issueKey = (body: KeyIssue, idempotencyKey: string) => api.post("/v1/keys", { body, idempotencyKey });

export const updateKey = (id: string, body: KeyChange) =>
  api.patch("/v1/keys/{key_id}", { path: { key_id: id }, body });

export const rotateKey = (id: string, overlapSeconds: number) =>
  api.post("/v1/keys/{key_id}/rotate", { path: { key_id: id }, body: { overlap_seconds: overlapSeconds } });

export const revokeKey = (id: string) => api.post("/v1/keys/{key_id}/revoke", { path: { key_id: id } });

export const disableKey = (id: string) => api.post("/v1/keys/{key_id}/disable", { path: { key_id: id } });

export const enableKey = (id: string) => api.post("/v1/keys/{key_id}/enable", { path: { key_id: id } });

export const fetchKeyLimits = (id: string) => api.get("/v1/keys/{key_id}/limits", { path: { key_id: id } });

export const setKeyLimits = (id: string, body: KeyLimitsChange) =>
  api.put("/v1/keys/{key_id}/limits", { path: { key_id: id }, body });

export const listAllKeys = (workspaceId: string, page: PageRequest) =>
  api.get("/v1/admin/keys", { query: { ...page, workspace_id: workspaceId } });

export const fetchAnyKeyLimits = (id: string) => api.get("/v1/admin/keys/{key_id}/limits", { path: { key_id: id } });

export const moveAnyKey = (id: string, deed: "disable" | "enable" | "revoke") =>
  api.post(`/v1/admin/keys/{key_id}/${deed}`, { path: { key_id: id } });
