import type { Assignment, Question, Reset, State } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const fetchPlan = () => api.get("/v1/subscription");
export const listOffers = () => api.get("/v1/packages");
export const fetchWhatIf = () => api.get("/v1/subscription/what-if");
export const listPeriods = (page: PageRequest) => api.get("/v1/subscription/periods", { query: page });
export const previewChange = (body: Question) => api.post("/v1/subscription/preview", { body });
export const keepPlan = () => api.post("/v1/subscription/keep");

/** Carries out what was shown; the preview's id says what. */
export const applyChange = (action: Question["action"], previewId: string) =>
  api.post(action === "cancel" ? "/v1/subscription/cancel" : "/v1/subscription/change", {
    body: { preview_id: previewId },
  });

export interface SubscriptionFilter {
  state?: State;
  failed?: boolean;
  package_id?: string;
}

export const listSubscriptions = (filter: SubscriptionFilter, page: PageRequest) =>
  api.get("/v1/admin/subscriptions", { query: { ...page, ...filter } });

export const fetchSubscription = (id: string) =>
  api.get("/v1/admin/subscriptions/{subscription_id}", { path: { subscription_id: id } });

export const listProofs = (id: string, page: PageRequest) =>
  api.get("/v1/admin/subscriptions/{subscription_id}/periods", { path: { subscription_id: id }, query: page });

export const fetchCalendar = (span: { from: string; to: string; tz: string }, page: PageRequest) =>
  api.get("/v1/admin/subscriptions/calendar", { query: { ...span, ...page } });

export const assign = (body: Assignment) => api.post("/v1/admin/subscriptions", { body });

export const resetMany = (body: Reset) => api.post("/v1/admin/subscriptions/reset", { body });

const at = (id: string) => ({ path: { subscription_id: id } });

export const previewFor = (id: string, body: Question) =>
  api.post("/v1/admin/subscriptions/{subscription_id}/preview", { ...at(id), body });

export const applyFor = (id: string, action: Question["action"], previewId: string, reason: string) =>
  api.post(
    action === "cancel"
      ? "/v1/admin/subscriptions/{subscription_id}/cancel"
      : "/v1/admin/subscriptions/{subscription_id}/change",
    { ...at(id), body: { preview_id: previewId, reason } },
  );

export const extend = (id: string, endsAt: string | null, reason: string) =>
  api.post("/v1/admin/subscriptions/{subscription_id}/extend", { ...at(id), body: { ends_at: endsAt, reason } });

export const pause = (id: string, reason: string) =>
  api.post("/v1/admin/subscriptions/{subscription_id}/pause", { ...at(id), body: { reason } });

export const keep = (id: string, reason: string) =>
  api.post("/v1/admin/subscriptions/{subscription_id}/keep", { ...at(id), body: { reason } });

export const resume = (id: string) => api.post("/v1/admin/subscriptions/{subscription_id}/resume", at(id));

export const retry = (id: string) => api.post("/v1/admin/subscriptions/{subscription_id}/retry", at(id));
