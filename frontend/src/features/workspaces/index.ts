import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { listWorkspaces } from "./api";
export { default as WorkspaceSwitch } from "./components/WorkspaceSwitch.vue";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/workspace",
    name: "workspace",
    component: () => import("./pages/WorkspacePage.vue"),
    meta: { title: "workspaces.settings.title" },
  },
  {
    path: "/admin/workspaces",
    name: "admin-workspaces",
    component: () => import("./pages/WorkspacesPage.vue"),
    meta: { title: "workspaces.title", admin: true },
  },
];
