import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/",
    name: "overview",
    component: () => import("./pages/OverviewPage.vue"),
    meta: { title: "overview.title" },
  },
  {
    path: "/admin",
    name: "admin-overview",
    component: () => import("./pages/AdminOverviewPage.vue"),
    meta: { title: "overview.admin.title", admin: true },
  },
];
