import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as NotificationBell } from "./components/NotificationBell.vue";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/alerts",
    name: "alerts",
    component: () => import("./pages/AlertsPage.vue"),
    meta: { title: "notifications.alerts" },
  },
  {
    path: "/notifications",
    name: "notifications",
    component: () => import("./pages/NotificationsPage.vue"),
    meta: { title: "notifications.title" },
  },
  {
    path: "/webhooks",
    name: "webhooks",
    component: () => import("./pages/WebhooksPage.vue"),
    meta: { title: "notifications.webhooks.title" },
  },
  {
    path: "/admin/webhooks",
    name: "admin-webhooks",
    component: () => import("./pages/AdminWebhooksPage.vue"),
    meta: { title: "notifications.webhooks.adminTitle", admin: true },
  },
];
