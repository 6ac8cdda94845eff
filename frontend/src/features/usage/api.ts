import type { EventsQuery, ExportQuery, SummaryQuery } from "./types";
import { api, download } from "@/shared/api";

export const fetchSummary = (query: SummaryQuery, signal?: AbortSignal) =>
  api.get("/v1/usage/summary", { query, signal });

export const listEvents = (query: EventsQuery) => api.get("/v1/usage/events", { query });

export const fetchEvent = (id: string) => api.get("/v1/usage/events/{event_id}", { path: { event_id: id } });

export const exportEvents = (query: ExportQuery) => download("/v1/usage/export", query);
