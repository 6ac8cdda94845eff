import type { NewGateway } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const listGateways = (page: PageRequest) => api.get("/v1/admin/gateways", { query: page });

export const createGateway = (body: NewGateway) => api.post("/v1/admin/gateways", { body });

export const rotateGateway = (id: string, overlapSeconds: number) =>
  api.post("/v1/admin/gateways/{gateway_id}/rotate", {
    path: { gateway_id: id },
    body: { overlap_seconds: overlapSeconds },
  });

export const revokeGateway = (id: string) =>
  api.post("/v1/admin/gateways/{gateway_id}/revoke", { path: { gateway_id: id } });
