import type { Answer, Body, Item } from "@/shared/api";

export type VoucherBatch = Item<"/v1/admin/vouchers">;
export type NewBatch = Body<"/v1/admin/vouchers">;
export type IssuedBatch = Answer<"/v1/admin/vouchers", "post">;
export type Redemption = Item<"/v1/admin/vouchers/{voucher_id}/redemptions">;
