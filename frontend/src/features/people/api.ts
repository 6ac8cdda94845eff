import type { NewInvitation, NewUser, Suspension, UserRole } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

const at = (id: string) => ({ path: { user_id: id } });

export const createUser = (body: NewUser) => api.post("/v1/admin/users", { body });

/** The person chooses a password by the link that they are sent. */
export const inviteUser = (body: NewInvitation) => api.post("/v1/admin/users/invite", { body });

export const inviteAgain = (id: string) => api.post("/v1/admin/users/{user_id}/invite-again", at(id));

/** Addresses are encrypted: people are found by the exact address, by its domain, or not at all. */
export const findUsers = (page: PageRequest, text: string) =>
  api.get("/v1/admin/users", {
    query: { ...page, ...(/[^@]@/.test(text) ? { email: text } : text ? { domain: text } : {}) },
  });

export const fetchUser = (id: string) => api.get("/v1/admin/users/{user_id}", at(id));

export const suspendUser = (id: string, body: Suspension) =>
  api.post("/v1/admin/users/{user_id}/suspend", { ...at(id), body });

export const reactivateUser = (id: string) =>
  api.post("/v1/admin/users/{user_id}/reactivate", { ...at(id), body: {} });

export const setUserRole = (id: string, role: UserRole, reason: string, revision: number) =>
  api.post("/v1/admin/users/{user_id}/role", { ...at(id), body: { role, reason, revision } });

export const endUserSessions = (id: string, reason: string) =>
  api.post("/v1/admin/users/{user_id}/end-sessions", { ...at(id), body: { reason } });

export const fetchFactor = (id: string) => api.get("/v1/admin/users/{user_id}/factor", at(id));

export const requireFactor = (id: string, required: boolean, reason: string) =>
  api.post("/v1/admin/users/{user_id}/factor/require", { ...at(id), body: { required, reason } });

export const resetFactor = (id: string, reason: string) =>
  api.post("/v1/admin/users/{user_id}/factor/reset", { ...at(id), body: { reason } });

export const listUserWorkspaces = (id: string, page: PageRequest) =>
  api.get("/v1/admin/users/{user_id}/workspaces", { ...at(id), query: page });

export const listUserKeys = (id: string, page: PageRequest) =>
  api.get("/v1/admin/users/{user_id}/keys", { ...at(id), query: page });

export const listUserSessions = (id: string, page: PageRequest) =>
  api.get("/v1/admin/users/{user_id}/sessions", { ...at(id), query: page });

export const listUserDeeds = (id: string, page: PageRequest) =>
  api.get("/v1/admin/audit-log", { query: { ...page, actor_id: id } });

export const viewAs = (id: string, reason: string) =>
  api.post("/v1/admin/users/{user_id}/view-as", { ...at(id), body: { reason } });

export const stopViewing = () => api.post("/v1/auth/view-as/end");
