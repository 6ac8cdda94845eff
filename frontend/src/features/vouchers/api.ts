import type { NewBatch } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const redeemCode = (code: string) => api.post("/v1/vouchers/redeem", { body: { code } });

export const listBatches = (page: PageRequest) => api.get("/v1/admin/vouchers", { query: page });

export const createBatch = (body: NewBatch, idempotencyKey: string) =>
  api.post("/v1/admin/vouchers", { body, idempotencyKey });

export const listRedemptions = (id: string, page: PageRequest) =>
  api.get("/v1/admin/vouchers/{voucher_id}/redemptions", { path: { voucher_id: id }, query: page });

export const withdrawBatch = (id: string, reason: string) =>
  api.post("/v1/admin/vouchers/{voucher_id}/withdraw", { path: { voucher_id: id }, body: { reason } });
