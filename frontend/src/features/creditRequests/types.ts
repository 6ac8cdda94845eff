import type { Body, Item } from "@/shared/api";

export type CreditRequest = Item<"/v1/credit-requests">;
export type NewRequest = Body<"/v1/credit-requests">;
export type Approval = Body<"/v1/admin/credit-requests/{request_id}/approve">;
export type RequestState = CreditRequest["state"];
