import type { Answer } from "@/shared/api";

export type AdminOverview = Answer<"/v1/admin/overview">;
