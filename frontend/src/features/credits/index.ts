import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as BalanceCard } from "./components/BalanceCard.vue";
export { default as BurnOrder } from "./components/BurnOrder.vue";
export { default as GrantTable } from "./components/GrantTable.vue";
export { default as LedgerPanel } from "./components/LedgerPanel.vue";
export { useBalance } from "./composables/useBalance";
export { ORIGINS, type Grant, type LedgerEntry, type LedgerKind, type Origin } from "./types";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/credits",
    name: "credits",
    component: () => import("./pages/CreditsPage.vue"),
    meta: { title: "credits.title" },
  },
];
