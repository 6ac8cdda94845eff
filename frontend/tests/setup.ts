import { config } from "@vue/test-utils";
import { beforeEach, vi } from "vitest";
import { defineComponent } from "vue";
import { fakeAdapter, resetServer } from "./fakeServer";

vi.mock("axios", async (original) => {
  const real = await original<typeof import("axios")>();
  const create = (options: object) => real.default.create({ ...options, adapter: fakeAdapter });
  return { ...real, default: Object.assign(Object.create(real.default), { create }) };
});

/** What jsdom lacks and components ask for. */
class NoObserver implements ResizeObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
globalThis.ResizeObserver ??= NoObserver;
window.matchMedia ??= (query: string) =>
  ({
    matches: false,
    media: query,
    onchange: null,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    addListener: () => undefined,
    removeListener: () => undefined,
    dispatchEvent: () => false,
  }) satisfies MediaQueryList;
window.scrollTo = () => undefined;

// A menu measures where it hangs, which goes round for ever where nothing has a size.
const menu = defineComponent({
  inheritAttrs: false,
  setup:
    (_, { slots }) =>
    () =>
      slots.default?.(),
});
config.global.stubs = { transition: true, teleport: true, ElDropdown: menu };

beforeEach(() => {
  localStorage.clear();
  resetServer();
  document.body.replaceChildren();
});
