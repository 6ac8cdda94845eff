import type { Approval, NewRequest, RequestState } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const listRequests = (page: PageRequest) => api.get("/v1/credit-requests", { query: page });

export const askForCredits = (body: NewRequest) => api.post("/v1/credit-requests", { body });

export const withdrawRequest = (id: string) =>
  api.post("/v1/credit-requests/{request_id}/withdraw", { path: { request_id: id } });

export const listAllRequests = (state: RequestState | undefined, page: PageRequest) =>
  api.get("/v1/admin/credit-requests", { query: { ...page, state } });

export const approveRequest = (id: string, body: Approval) =>
  api.post("/v1/admin/credit-requests/{request_id}/approve", { path: { request_id: id }, body });

export const denyRequest = (id: string, note: string) =>
  api.post("/v1/admin/credit-requests/{request_id}/deny", { path: { request_id: id }, body: { note } });
