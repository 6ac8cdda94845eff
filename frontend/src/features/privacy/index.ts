import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/privacy",
    name: "privacy",
    component: () => import("./pages/PrivacyPage.vue"),
    meta: { title: "privacy.title" },
  },
];
