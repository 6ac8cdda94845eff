import type { EmailState, TemplatePlace } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export interface EmailFilter {
  state: EmailState | undefined;
  template: string | undefined;
  address: string | undefined;
}

const ONE = "/v1/admin/email-templates/{template}/{language}" as const;

export const listEmails = (filter: EmailFilter, page: PageRequest) =>
  api.get("/v1/admin/emails", { query: { ...page, ...filter } });

export const fetchEmail = (id: string) => api.get("/v1/admin/emails/{email_id}", { path: { email_id: id } });

export const sendAgain = (id: string) => api.post("/v1/admin/emails/{email_id}/send-again", { path: { email_id: id } });

export const fetchMailSystem = () => api.get("/v1/admin/mail-system");

export const listTemplates = () => api.get("/v1/admin/email-templates");

export const fetchTemplate = (path: TemplatePlace) => api.get(ONE, { path: { ...path } });

export const saveTemplate = (path: TemplatePlace, version: number, source: string) =>
  api.put(ONE, { path: { ...path }, body: { version, source } });

export const takeBackTemplate = (path: TemplatePlace, version: number) =>
  api.post(`${ONE}/take-back`, { path: { ...path }, body: { version } });

export const renderTemplate = (path: TemplatePlace, source: string) =>
  api.post(`${ONE}/render`, { path: { ...path }, body: { source } });

export const sendTest = (path: TemplatePlace) => api.post(`${ONE}/send-test`, { path: { ...path } });

export const stopMails = (token: string) => api.post("/v1/mail/stop", { query: { t: token } });
