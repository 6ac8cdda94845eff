import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as DeedLinesTable } from "./components/DeedLinesTable.vue";
export { default as TermsExplained } from "./components/TermsExplained.vue";
export { usePackageChoice } from "./composables/usePackages";
export { useTermsWords } from "./composables/useTermsWords";
export type { DeedLine, Terms } from "./types";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/admin/packages",
    name: "admin-packages",
    component: () => import("./pages/PackagesPage.vue"),
    meta: { title: "packages.title", admin: true },
  },
];
