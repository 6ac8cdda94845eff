import type { NewToken, Proof } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const fetchFactor = () => api.get("/v1/auth/totp");

export const beginEnrolment = () => api.post("/v1/auth/totp/enrol");

export const confirmEnrolment = (code: string) => api.post("/v1/auth/totp/confirm", { body: { code } });

export const renewRecoveryCodes = () => api.post("/v1/auth/totp/recovery-codes");

export const disableFactor = () => api.post("/v1/auth/totp/disable");

export const stepUp = (body: Proof) => api.post("/v1/auth/step-up", { body });

export const listSessions = (page: PageRequest) => api.get("/v1/me/sessions", { query: { ...page } });

export const endSession = (id: string) => api.post("/v1/me/sessions/{session_id}/end", { path: { session_id: id } });

export const endOtherSessions = () => api.post("/v1/me/sessions/end-others");

export const listTokens = (page: PageRequest) => api.get("/v1/me/tokens", { query: { ...page } });

export const issueToken = (body: NewToken) => api.post("/v1/me/tokens", { body });

export const revokeToken = (id: string) => api.post("/v1/me/tokens/{token_id}/revoke", { path: { token_id: id } });

export const listIdentities = () => api.get("/v1/me/identities");

export const linkIdentity = () => api.post("/v1/me/identities/link");

export const unlinkIdentity = (id: string) =>
  api.post("/v1/me/identities/{identity_id}/unlink", { path: { identity_id: id } });
