import type { Answer, Body } from "@/shared/api";

export type Settings = Answer<"/v1/admin/settings">;
export type Setting = Settings["items"][number];
export type SettingsChange = Body<"/v1/admin/settings", "patch">;
export type SettingValue = Setting["value"];
