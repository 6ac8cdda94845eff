import type { Answer, Body, Item } from "@/shared/api";

export type Price = Item<"/v1/admin/prices">;
export type Rates = Price["rates"];
export type NewPrice = Body<"/v1/admin/prices">;
export type PreviewQuestion = Body<"/v1/admin/prices/preview">;
export type Preview = Answer<"/v1/admin/prices/preview", "post">;
export type UnpricedModel = Answer<"/v1/admin/prices/unpriced">[number];
export type ImportDiff = Answer<"/v1/admin/prices/import", "post">;

export const RATE_CLASSES = ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"] as const;
export type RateClass = (typeof RATE_CLASSES)[number];
export type RateFields = Record<RateClass, string>;
export const VARIANTS = ["batch", "fast"] as const;
export type Variant = (typeof VARIANTS)[number];
