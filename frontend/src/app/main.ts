import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";
import { connectClient } from "./client";
import { followPreferences, i18n } from "./i18n";
import { queryDefaults } from "./queries";
import { router } from "./router";
import { usePreferences } from "@/shared/preferences";
import "@/shared/styles/index.css";

const app = createApp(App);
app.use(createPinia());
usePreferences().applyToDocument();
followPreferences();
connectClient(router);
app
  .use(i18n)
  .use(VueQueryPlugin, { queryClient: new QueryClient({ defaultOptions: queryDefaults }) })
  .use(router)
  .mount("#app");
