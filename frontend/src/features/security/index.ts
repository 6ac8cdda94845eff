import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as StepUpDialog } from "./components/StepUpDialog.vue";
export { useStepUp } from "./stepUp";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/security",
    name: "security",
    component: () => import("./pages/SecurityPage.vue"),
    meta: { title: "security.title" },
  },
  {
    path: "/set-up-factor",
    name: "set-up-factor",
    component: () => import("./pages/SetUpFactorPage.vue"),
    meta: { title: "security.factor.demandedTitle", bare: true },
  },
];
