import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { default as HandOverPanel } from "./components/HandOverPanel.vue";
export { default as WaitingInvitations } from "./components/WaitingInvitations.vue";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/members",
    name: "members",
    component: () => import("./pages/MembersPage.vue"),
    meta: { title: "members.title" },
  },
  {
    path: "/join",
    name: "join",
    component: () => import("./pages/JoinPage.vue"),
    meta: { title: "members.join.title", open: true },
  },
];
