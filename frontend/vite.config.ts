import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import Components from "unplugin-vue-components/vite";
import { ElementPlusResolver } from "unplugin-vue-components/resolvers";
import { defineConfig, type Plugin } from "vite";

/**
 * Puts every stylesheet of Element Plus into one cascade layer, so that ours wins whatever loads last. Each names
 * the order of all layers, since the first stylesheet that a page loads decides it.
 */
function elementLayer(): Plugin {
  return {
    name: "ccmanage:element-layer",
    enforce: "pre",
    transform(code, id) {
      const order = "@layer base, bootstrap, element, portal;";
      const isElement = /element-plus\/theme-chalk\/.*\.css$/.test(id.split("?")[0] ?? "");
      return isElement ? { code: `${order}\n@layer element {\n${code}\n}`, map: null } : undefined;
    },
  };
}

const apiServer = process.env.PORTAL_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [
    vue(),
    elementLayer(),
    Components({
      dirs: [],
      resolvers: [ElementPlusResolver({ importStyle: "css" })],
      dts: "src/components.d.ts",
    }),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: "true", __INTLIFY_PROD_DEVTOOLS__: "false" },
  server: { port: 5173, proxy: { "/v1": { target: apiServer, changeOrigin: true } } },
  build: {
    outDir: "../api/static",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 650,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "echarts", test: /node_modules\/(echarts|zrender|vue-echarts)\// },
            { name: "vue", test: /node_modules\/(@vue|vue|vue-router|pinia|vue-i18n|@intlify|@tanstack|axios)\// },
          ],
        },
      },
    },
  },
});
