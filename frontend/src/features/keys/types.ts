import type { Answer, Body, Item } from "@/shared/api";

export type ApiKey = Item<"/v1/keys">;
export type IssuedKey = Answer<"/v1/keys", "post">;
export type KeyIssue = Body<"/v1/keys">;
export type KeyChange = Body<"/v1/keys/{key_id}", "patch">;
export type KeyLimits = Answer<"/v1/keys/{key_id}/limits">;
export type KeyLimitsChange = Body<"/v1/keys/{key_id}/limits", "put">;
export type LimitLeft = KeyLimits["left"][number];
