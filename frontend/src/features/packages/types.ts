import type { Answer, Body, Item } from "@/shared/api";

export type AdminPackage = Item<"/v1/admin/packages">;
export type PackageVersion = AdminPackage["versions"][number];
export type Terms = PackageVersion["terms"];
export type NewPackage = Body<"/v1/admin/packages">;
export type DraftTerms = NewPackage["terms"];
export type PackageChange = Body<"/v1/admin/packages/{package_id}", "patch">;
export type Move = Body<"/v1/admin/packages/{package_id}/move">;
export type DeedLines = Answer<"/v1/admin/packages/{package_id}/move", "post">;
export type DeedLine = DeedLines["items"][number];
export type NewMove = Body<"/v1/admin/packages/{package_id}/moves">;
export type SubscriberMove = Item<"/v1/admin/packages/{package_id}/moves">;

export const PERIODS = ["hour", "day", "week", "month", "quarter", "year", "once"] as const;
export type PeriodName = (typeof PERIODS)[number];
export const OVERDRAFTS = ["none", "limit", "unlimited"] as const;
export type OverdraftName = (typeof OVERDRAFTS)[number];
export const WINDOWS = ["minute", "hour", "five_hours", "day", "week", "month"] as const;
export type WindowName = (typeof WINDOWS)[number];
export const LIMITS = ["requests", "tokens", "credits"] as const;
export type LimitName = (typeof LIMITS)[number];
