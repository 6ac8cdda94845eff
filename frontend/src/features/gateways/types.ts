import type { Answer, Body, Item } from "@/shared/api";

export type Gateway = Item<"/v1/admin/gateways">;
export type IssuedGateway = Answer<"/v1/admin/gateways", "post">;
export type NewGateway = Body<"/v1/admin/gateways">;
