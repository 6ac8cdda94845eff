import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/admin/settings",
    name: "admin-settings",
    component: () => import("./pages/SettingsPage.vue"),
    meta: { title: "settings.title", admin: true },
  },
];
