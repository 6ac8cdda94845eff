import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as BooksTile } from "./components/BooksTile.vue";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/admin/audit-log",
    name: "admin-audit-log",
    component: () => import("./pages/AuditLogPage.vue"),
    meta: { title: "audit.title", admin: true },
  },
  {
    path: "/admin/books",
    name: "admin-books",
    component: () => import("./pages/BooksPage.vue"),
    meta: { title: "audit.books.title", admin: true },
  },
];
