import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/admin/mails",
    name: "admin-mails",
    component: () => import("./pages/EmailsPage.vue"),
    meta: { title: "email.title", admin: true },
  },
  {
    path: "/admin/mail-templates",
    name: "admin-mail-templates",
    component: () => import("./pages/TemplatesPage.vue"),
    meta: { title: "email.templates.title", admin: true },
  },
  {
    path: "/stop-mails",
    name: "stop-mails",
    component: () => import("./pages/StopMailsPage.vue"),
    meta: { title: "email.stop.title", open: true },
  },
];
