import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { mount } from "@vue/test-utils";
import { createPinia, setActivePinia, type Pinia } from "pinia";
import type { Plugin } from "vue";
import { createMemoryHistory, createRouter, type Router } from "vue-router";
import { i18n } from "@/app/i18n";

export { i18n };

/** Everything that a screen expects around it, without a server. */

export function testRouter(): Router {
  const page = { template: "<div />" };
  return createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: page }] });
}

export interface Surroundings {
  pinia?: Pinia;
  router?: Router;
  queries?: QueryClient;
}

export function quietQueries(): QueryClient {
  return new QueryClient({ defaultOptions: { queries: { retry: false } } });
}

export function surroundings(given: Surroundings = {}): (Plugin | [Plugin, ...unknown[]])[] {
  const pinia = given.pinia ?? createPinia();
  setActivePinia(pinia);
  const queryClient = given.queries ?? quietQueries();
  return [pinia, i18n, given.router ?? testRouter(), [VueQueryPlugin, { queryClient }]];
}

export function render(component: object, options: { props?: object; slots?: object } & Surroundings = {}) {
  const { props = {}, slots = {}, ...given } = options;
  return mount(component as never, {
    props: props as never,
    slots: slots as never,
    global: { plugins: surroundings(given) },
    attachTo: document.body,
  });
}

/** Runs a composable inside a component, as it is meant to be run. */
export function runComposable<T>(use: () => T, given: Surroundings = {}): { result: T; unmount: () => void } {
  let result!: T;
  const wrapper = mount(
    {
      setup() {
        result = use();
        return () => null;
      },
    },
    { global: { plugins: surroundings(given) } },
  );
  return { result, unmount: () => wrapper.unmount() };
}
