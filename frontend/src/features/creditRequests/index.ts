import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as AskCard } from "./components/AskCard.vue";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/admin/credit-requests",
    name: "admin-credit-requests",
    component: () => import("./pages/CreditRequestsPage.vue"),
    meta: { title: "creditRequests.title", admin: true },
  },
];
