import type { QuarantineState } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export interface QuarantineFilter {
  state: QuarantineState;
  code?: string;
  gateway_id?: string;
}

export const listQuarantine = (filter: QuarantineFilter, page: PageRequest) =>
  api.get("/v1/admin/quarantine", { query: { ...page, ...filter } });

export const redrive = (id: string, keyId: string | null) =>
  api.post("/v1/admin/quarantine/{quarantine_id}/redrive", { path: { quarantine_id: id }, body: { key_id: keyId } });

export const dismiss = (id: string, reason: string) =>
  api.post("/v1/admin/quarantine/{quarantine_id}/dismiss", { path: { quarantine_id: id }, body: { reason } });
