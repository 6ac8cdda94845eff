import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as ViewingBanner } from "./components/ViewingBanner.vue";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/admin/users",
    name: "admin-users",
    component: () => import("./pages/UsersPage.vue"),
    meta: { title: "accounts.users.title", admin: true },
  },
];
