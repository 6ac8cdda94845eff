import { api, download } from "@/shared/api";

export const fetchPrivacy = () => api.get("/v1/me/privacy");

export const requestExport = () => api.post("/v1/me/privacy/export");

export const downloadExport = (id: string) =>
  download(`/v1/me/privacy/export/${id}/file` as "/v1/me/privacy/export/{export_id}/file", undefined);

export const requestDeletion = () => api.post("/v1/me/privacy/deletion");

export const cancelDeletion = () => api.delete("/v1/me/privacy/deletion");

export const answerConsent = (purpose: string, given: boolean) =>
  api.put("/v1/me/privacy/consents/{purpose}", { path: { purpose }, body: { given } });

export const fetchProcessors = () => api.get("/v1/processors");
