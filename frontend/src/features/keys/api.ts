import type { KeyChange, KeyIssue } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const listKeys = (page: PageRequest) => api.get("/v1/keys", { query: page });

export const issueKey = (body: KeyIssue, idempotencyKey: string) => api.post("/v1/keys", { body, idempotencyKey });

export const updateKey = (id: string, body: KeyChange) =>
  api.patch("/v1/keys/{key_id}", { path: { key_id: id }, body });

export const rotateKey = (id: string, overlapSeconds: number) =>
  api.post("/v1/keys/{key_id}/rotate", { path: { key_id: id }, body: { overlap_seconds: overlapSeconds } });

export const revokeKey = (id: string) => api.post("/v1/keys/{key_id}/revoke", { path: { key_id: id } });
