import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as RedeemCard } from "./components/RedeemCard.vue";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/admin/vouchers",
    name: "admin-vouchers",
    component: () => import("./pages/VouchersPage.vue"),
    meta: { title: "vouchers.title", admin: true },
  },
];
