import type { NewThreshold, PreferencesChange, ThresholdChange, ThresholdTrial } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const listThresholds = () => api.get("/v1/alerts/thresholds");

export const setThreshold = (body: NewThreshold) => api.post("/v1/alerts/thresholds", { body });

export const changeThreshold = (id: string, body: ThresholdChange) =>
  api.patch("/v1/alerts/thresholds/{threshold_id}", { path: { threshold_id: id }, body });

export const removeThreshold = (id: string) =>
  api.post("/v1/alerts/thresholds/{threshold_id}/remove", { path: { threshold_id: id } });

export const tryThreshold = (body: ThresholdTrial) => api.post("/v1/alerts/preview", { body });

export const listAlerts = (page: PageRequest) => api.get("/v1/alerts", { query: page });

export const listNotifications = (unread: boolean, page: PageRequest) =>
  api.get("/v1/notifications", { query: { unread, ...page } });

export const countUnread = () => api.get("/v1/notifications/unread");

export const markRead = (id: string) =>
  api.post("/v1/notifications/{notification_id}/read", { path: { notification_id: id } });

export const markAllRead = () => api.post("/v1/notifications/read-all");

export const fetchPreferences = () => api.get("/v1/notifications/preferences");

export const changePreferences = (body: PreferencesChange) => api.patch("/v1/notifications/preferences", { body });
