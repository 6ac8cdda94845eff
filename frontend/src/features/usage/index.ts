import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { chartModel, measureText, type ChartModel } from "./chart";
export { default as UsageChart } from "./components/UsageChart.vue";
export { useSummary } from "./composables/useSummary";
export { amountOf, cacheShare, sumBy, tokensOf } from "./numbers";
export { presetRange } from "./range";
export type { TimeGroup, UsageNumbers, UsageRow } from "./types";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/usage",
    name: "usage",
    component: () => import("./pages/UsagePage.vue"),
    meta: { title: "usage.title" },
  },
];
