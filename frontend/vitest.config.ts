import { defineConfig, mergeConfig } from "vitest/config";
import viteConfig from "./vite.config";

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
      maxWorkers: 1,
      restoreMocks: true,
      coverage: {
        provider: "v8",
        include: ["src/**/*.{ts,vue}"],
        exclude: ["src/**/*.spec.ts", "src/**/*.d.ts", "src/app/main.ts"],
      },
    },
  }),
);
