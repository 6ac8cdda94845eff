import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as KeyStateBadge } from "./components/KeyStateBadge.vue";
export { default as WorkspaceKeys } from "./components/WorkspaceKeys.vue";
export { useKeys } from "./composables/useKeys";
export type { ApiKey } from "./types";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  { path: "/keys", name: "keys", component: () => import("./pages/KeysPage.vue"), meta: { title: "keys.title" } },
];
