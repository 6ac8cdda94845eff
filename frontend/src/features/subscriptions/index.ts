import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/plan",
    name: "plan",
    component: () => import("./pages/PlanPage.vue"),
    meta: { title: "subscriptions.plan" },
  },
  {
    path: "/admin/subscriptions",
    name: "admin-subscriptions",
    component: () => import("./pages/SubscriptionsPage.vue"),
    meta: { title: "subscriptions.title", admin: true },
  },
];
