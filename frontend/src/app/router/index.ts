import { nextTick } from "vue";
import { createRouter, createWebHistory } from "vue-router";
import { features } from "../features";
import { i18n } from "../i18n";
import { guard } from "./guard";
import { announce } from "@/shared/composables";

declare module "vue-router" {
  interface RouteMeta {
    /** Key of the page's title. */
    title?: string;
    /** May be seen without signing in. */
    open?: boolean;
    /** Stands alone, without navigation. */
    bare?: boolean;
    /** For administrators only. */
    admin?: boolean;
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    ...features.flatMap((feature) => feature.routes),
    {
      path: "/:rest(.*)*",
      name: "not-found",
      component: () => import("../pages/NotFoundPage.vue"),
      meta: { title: "app.notFound" },
    },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
});

router.beforeEach(guard);

/** A new page gets the focus onto its heading, and is announced. */
router.afterEach(async (to, from) => {
  if (to.path === from.path || from.matched.length === 0) return;
  await nextTick();
  announce(to.meta.title ? i18n.global.t(to.meta.title) : "");
  document.getElementById("page-title")?.focus({ preventScroll: true });
});
