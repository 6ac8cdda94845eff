import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { listGateways } from "./api";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/admin/gateways",
    name: "admin-gateways",
    component: () => import("./pages/GatewaysPage.vue"),
    meta: { title: "gateways.title", admin: true },
  },
];
