import type { NewPrice, PreviewQuestion } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export interface PriceFilter {
  model?: string;
  origin?: "library" | "manual";
}

export const listPrices = (filter: PriceFilter, page: PageRequest) =>
  api.get("/v1/admin/prices", { query: { ...page, ...filter } });

export const addPrice = (body: NewPrice) => api.post("/v1/admin/prices", { body });

/** From now on the library's price holds again. */
export const withdrawPrice = (id: string, note: string) =>
  api.post("/v1/admin/prices/{price_id}/withdraw", { path: { price_id: id }, body: { note } });

export const previewPrice = (body: PreviewQuestion) => api.post("/v1/admin/prices/preview", { body });

export const listUnpriced = () => api.get("/v1/admin/prices/unpriced");

export const importPrices = (dryRun: boolean) => api.post("/v1/admin/prices/import", { body: { dry_run: dryRun } });
