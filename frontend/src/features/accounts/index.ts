import type { RouteRecordRaw } from "vue-router";
import { en } from "./locales/en";
import { zh } from "./locales/zh";
import type { FeatureMessages } from "@/shared/i18n";

export { listUsers, updateProfile } from "./api";
export { LEAST_PASSWORD } from "./passwordStrength";
export { useMethods } from "./composables/useMethods";
export { inside, keepOnward } from "./onward";
export { useSession, type SessionState } from "./session";
export type { AdminUser, Membership } from "./types";

export const messages: FeatureMessages<typeof en> = { en, zh };

export const routes: RouteRecordRaw[] = [
  {
    path: "/sign-in",
    name: "sign-in",
    component: () => import("./pages/SignInPage.vue"),
    meta: { title: "accounts.signIn.title", open: true },
  },
  {
    path: "/register",
    name: "register",
    component: () => import("./pages/RegisterPage.vue"),
    meta: { title: "accounts.signup.register", open: true },
  },
  {
    path: "/forgot",
    name: "forgot",
    component: () => import("./pages/ForgotPage.vue"),
    meta: { title: "accounts.signup.forgot", open: true },
  },
  {
    path: "/reset",
    name: "reset",
    component: () => import("./pages/ResetPage.vue"),
    meta: { title: "accounts.signup.reset", open: true },
  },
  ...(
    [
      ["/verify", "verify"],
      ["/confirm-address", "confirm"],
      ["/undo-address", "undo"],
    ] as const
  ).map(([path, kind]) => ({
    path,
    name: kind,
    component: () => import("./pages/LinkPage.vue"),
    props: { kind },
    meta: { title: `accounts.signup.${kind}`, open: true },
  })),
  {
    path: "/unverified",
    name: "unverified",
    component: () => import("./pages/UnverifiedPage.vue"),
    meta: { title: "accounts.signup.unverified", open: true },
  },
  {
    path: "/profile",
    name: "profile",
    component: () => import("./pages/ProfilePage.vue"),
    meta: { title: "accounts.profile.title" },
  },
];
