import path from "node:path";
import { defineConfigWithVueTs, vueTsConfigs } from "@vue/eslint-config-typescript";
import pluginVue from "eslint-plugin-vue";
import { boundaries } from "./eslint/boundaries.js";

const src = path.join(import.meta.dirname, "src");

export default defineConfigWithVueTs(
  { ignores: ["coverage/", "test-results/", "playwright-report/", "**/*.d.ts", "public/"] },
  pluginVue.configs["flat/recommended"],
  vueTsConfigs.strict,
  {
    plugins: { ccmanage: { rules: { boundaries } } },
    rules: {
      "ccmanage/boundaries": ["error", { root: src }],
      "no-console": "error",
      "no-eval": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "prefer-const": "error",
      complexity: ["error", 12],
      "max-lines-per-function": ["error", { max: 80, skipBlankLines: true, skipComments: true }],
      "vue/no-v-html": "error",
      "vue/no-v-text-v-html-on-component": "error",
      "vue/component-api-style": ["error", ["script-setup"]],
      "vue/define-macros-order": "error",
      "vue/block-order": ["error", { order: ["script", "template", "style"] }],
      "vue/no-unused-refs": "error",
      "vue/no-useless-v-bind": "error",
      // Optional props are undefined by default, and the types say so.
      "vue/require-default-prop": "off",
      "vue/no-static-inline-styles": "error",
      // The formatter owns line breaks and self-closing.
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/multiline-html-element-content-newline": "off",
      "vue/html-self-closing": "off",
      "vue/html-indent": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/first-attribute-linebreak": "off",
    },
  },
  { files: ["**/*.vue"], rules: { "max-lines": ["error", { max: 250 }] } },
  { files: ["src/**/*.ts"], rules: { "max-lines": ["error", { max: 300 }] } },
  {
    files: ["**/*.spec.ts", "e2e/**", "tests/**"],
    rules: { "max-lines": ["error", { max: 500 }], "max-lines-per-function": "off" },
  },
);
