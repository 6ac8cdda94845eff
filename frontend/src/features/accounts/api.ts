import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";
import type { NewUser, PasswordChange, ProfileChange } from "./types";

export const fetchMe = () => api.get("/v1/me");

export const signIn = (email: string, password: string) => api.post("/v1/auth/login", { body: { email, password } });

export const signOut = () => api.post("/v1/auth/logout");

export const updateProfile = (body: ProfileChange) => api.patch("/v1/me", { body });

export const changePassword = (body: PasswordChange) => api.post("/v1/me/password", { body });

/** Addresses are encrypted: one is found exactly, or not at all. */
export const listUsers = (page: PageRequest, email?: string) =>
  api.get("/v1/admin/users", { query: { ...page, email } });

export const createUser = (body: NewUser) => api.post("/v1/admin/users", { body });

export const suspendUser = (id: string, reason: string) =>
  api.post("/v1/admin/users/{user_id}/suspend", { path: { user_id: id }, body: { reason, keys: "revoke" } });

export const reactivateUser = (id: string) =>
  api.post("/v1/admin/users/{user_id}/reactivate", { path: { user_id: id }, body: {} });
