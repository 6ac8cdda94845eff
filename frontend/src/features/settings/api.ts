import type { SettingsChange } from "./types";
import { api } from "@/shared/api";

export const fetchSettings = () => api.get("/v1/admin/settings");

export const changeSettings = (body: SettingsChange) => api.patch("/v1/admin/settings", { body });
