import { api, type Query } from "@/shared/api";

export const fetchAdminOverview = (query: Query<"/v1/admin/overview">) => api.get("/v1/admin/overview", { query });
