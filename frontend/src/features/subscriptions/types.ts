import type { Answer, Body, Item } from "@/shared/api";

export type Plan = NonNullable<Answer<"/v1/subscription">>;
export type Offer = Item<"/v1/packages">;
export type Question = Body<"/v1/subscription/preview">;
export type Preview = Answer<"/v1/subscription/preview", "post">;
export type Applied = Answer<"/v1/subscription/change", "post">;
export type EntryLine = Preview["entries"][number];
export type Proof = Item<"/v1/subscription/periods">;
export type WhatIf = Answer<"/v1/subscription/what-if">;
export type Alternative = WhatIf["packages"][number];
export type AdminSubscription = Item<"/v1/admin/subscriptions">;
export type Assignment = Body<"/v1/admin/subscriptions">;
export type Reset = Body<"/v1/admin/subscriptions/reset">;
export type Calendar = Answer<"/v1/admin/subscriptions/calendar">;

export const STATES = ["trialing", "active", "paused", "past_end", "cancelled", "ended"] as const;
export type State = (typeof STATES)[number];
