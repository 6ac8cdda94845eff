import type { NewWebhook, WebhookChange } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

/** The same calls for a workspace's webhooks and for those of the installation. */
export interface WebhookCalls {
  list: typeof workspaceCalls.list;
  create: typeof workspaceCalls.create;
  events: typeof workspaceCalls.events;
  update: typeof workspaceCalls.update;
  rotate: typeof workspaceCalls.rotate;
  remove: typeof workspaceCalls.remove;
  test: typeof workspaceCalls.test;
  deliveries: typeof workspaceCalls.deliveries;
  delivery: typeof workspaceCalls.delivery;
  redeliver: typeof workspaceCalls.redeliver;
}

export const workspaceCalls = {
  list: (page: PageRequest) => api.get("/v1/webhooks", { query: page }),
  create: (body: NewWebhook) => api.post("/v1/webhooks", { body }),
  events: () => api.get("/v1/webhooks/events"),
  update: (id: string, body: WebhookChange) => api.patch("/v1/webhooks/{webhook_id}", { path: { webhook_id: id }, body }),
  rotate: (id: string, overlap: number) =>
    api.post("/v1/webhooks/{webhook_id}/rotate", { path: { webhook_id: id }, body: { overlap_seconds: overlap } }),
  remove: (id: string) => api.post("/v1/webhooks/{webhook_id}/remove", { path: { webhook_id: id } }),
  test: (id: string) => api.post("/v1/webhooks/{webhook_id}/test", { path: { webhook_id: id } }),
  deliveries: (id: string, page: PageRequest) =>
    api.get("/v1/webhooks/{webhook_id}/deliveries", { path: { webhook_id: id }, query: page }),
  delivery: (id: string, delivery: string) =>
    api.get("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}", { path: { webhook_id: id, delivery_id: delivery } }),
  redeliver: (id: string, delivery: string) =>
    api.post("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", {
      path: { webhook_id: id, delivery_id: delivery },
    }),
};

export const installationCalls: WebhookCalls = {
  list: (page) => api.get("/v1/admin/webhooks", { query: page }),
  create: (body) => api.post("/v1/admin/webhooks", { body }),
  events: () => api.get("/v1/admin/webhooks/events"),
  update: (id, body) => api.patch("/v1/admin/webhooks/{webhook_id}", { path: { webhook_id: id }, body }),
  rotate: (id, overlap) =>
    api.post("/v1/admin/webhooks/{webhook_id}/rotate", {
      path: { webhook_id: id },
      body: { overlap_seconds: overlap },
    }),
  remove: (id) => api.post("/v1/admin/webhooks/{webhook_id}/remove", { path: { webhook_id: id } }),
  test: (id) => api.post("/v1/admin/webhooks/{webhook_id}/test", { path: { webhook_id: id } }),
  deliveries: (id, page) =>
    api.get("/v1/admin/webhooks/{webhook_id}/deliveries", { path: { webhook_id: id }, query: page }),
  delivery: (id, delivery) =>
    api.get("/v1/admin/webhooks/{webhook_id}/deliveries/{delivery_id}", {
      path: { webhook_id: id, delivery_id: delivery },
    }),
  redeliver: (id, delivery) =>
    api.post("/v1/admin/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", {
      path: { webhook_id: id, delivery_id: delivery },
    }),
};
