import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";
import type { AddressChange, PasswordChange, ProfileChange, Registration, Reset } from "./types";

export const fetchMe = () => api.get("/v1/me");

export const signIn = (email: string, password: string) => api.post("/v1/auth/login", { body: { email, password } });

export const sendCode = (challenge: string, code: string) =>
  api.post("/v1/auth/totp/verify", { body: { challenge, code } });

export const fetchMethods = () => api.get("/v1/auth/methods");

export const signOut = () => api.post("/v1/auth/logout");

export const updateProfile = (body: ProfileChange) => api.patch("/v1/me", { body });

export const changePassword = (body: PasswordChange) => api.post("/v1/me/password", { body });

/** Addresses are encrypted: one is found exactly, or not at all. */
export const listUsers = (page: PageRequest, email?: string) =>
  api.get("/v1/admin/users", { query: { ...page, email } });

export const fetchRegistration = () => api.get("/v1/auth/registration");

export const register = (body: Registration) => api.post("/v1/auth/register", { body });

export const verifyEmail = (token: string) => api.post("/v1/auth/verify-email", { body: { token } });

export const resendVerification = () => api.post("/v1/auth/verify-email/resend");

export const forgotPassword = (email: string) => api.post("/v1/auth/password/forgot", { body: { email } });

export const resetPassword = (body: Reset) => api.post("/v1/auth/password/reset", { body });

export const confirmAddress = (token: string) => api.post("/v1/auth/address/confirm", { body: { token } });

export const undoAddress = (token: string) => api.post("/v1/auth/address/undo", { body: { token } });

export const fetchAddress = () => api.get("/v1/me/address");

export const changeAddress = (body: AddressChange) => api.post("/v1/me/address", { body });

export const cancelAddress = () => api.post("/v1/me/address/cancel");
