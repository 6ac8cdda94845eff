import { defineConfig, mergeConfig } from "vitest/config";
import viteConfig from "./vite.config.ts";

export default mergeConfig(
  viteConfig,
  defineConfig({
    test: {
      environment: "jsdom",
      include: ["src/**/*.spec.ts", "tests/**/*.spec.ts"],
      setupFiles: ["tests/setup.ts"],
      // Element Plus imports style sheets, which Node cannot load by itself.
      server: { deps: { inline: ["element-plus"] } },
      css: false,
      // One worker that keeps its modules: transforming Element Plus once is most of the time.
      maxWorkers: 1,
      isolate: false,
      restoreMocks: true,
      coverage: {
        provider: "v8",
        include: ["src/**/*.{ts,vue}"],
        exclude: ["src/**/*.spec.ts", "src/**/*.d.ts", "src/app/main.ts"],
      },
    },
  }),
);
