import type { KeyLimits, KeyLimitsChange, LimitLeft } from "./types";
import { toNano } from "@/shared/format";

/** Limits as a form holds them: texts, empty where there is no limit; one pattern or range a line. */

export const MEASURES = ["requests", "tokens", "credits"] as const;
export const WINDOWS = ["minute", "hour", "five_hours", "day", "week", "month"] as const;
export type Measure = (typeof MEASURES)[number];
export type WindowName = (typeof WINDOWS)[number];

export interface LimitsForm extends Record<string, unknown> {
  cells: Record<Measure, Record<WindowName, string>>;
  concurrency: string;
  modelsAllow: string;
  modelsDeny: string;
  ipAllow: string;
  ipDeny: string;
}

function rowOf(found: Partial<Record<WindowName, number | string>>): Record<WindowName, string> {
  return Object.fromEntries(WINDOWS.map((name) => [name, String(found[name] ?? "")])) as Record<WindowName, string>;
}

export function toForm(limits: KeyLimits): LimitsForm {
  const { own, ip } = limits;
  return {
    cells: { requests: rowOf(own.requests), tokens: rowOf(own.tokens), credits: rowOf(own.credits) },
    concurrency: String(own.concurrency ?? ""),
    modelsAllow: own.models.allow.join("\n"),
    modelsDeny: own.models.deny.join("\n"),
    ipAllow: ip.allow.join("\n"),
    ipDeny: ip.deny.join("\n"),
  };
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

function filled(row: Record<WindowName, string>): [WindowName, string][] {
  return WINDOWS.map((name): [WindowName, string] => [name, row[name].trim()]).filter(([, text]) => text !== "");
}

export function isWhole(text: string): boolean {
  return /^\d{1,12}$/.test(text.trim());
}

export function toBody(form: LimitsForm): KeyLimitsChange {
  const counts = (row: Record<WindowName, string>) =>
    Object.fromEntries(filled(row).map(([name, text]) => [name, Number(text)]));
  return {
    requests: counts(form.cells.requests),
    tokens: counts(form.cells.tokens),
    credits: Object.fromEntries(filled(form.cells.credits)),
    models: { allow: lines(form.modelsAllow), deny: lines(form.modelsDeny) },
    ip: { allow: lines(form.ipAllow), deny: lines(form.ipDeny) },
    concurrency: form.concurrency.trim() ? Number(form.concurrency) : null,
  };
}

/** Which share of a limit is left, between 0 and 1. */
export function shareLeft(line: LimitLeft): number {
  const [left, limit] = [amount(line.remaining), amount(line.limit)];
  return limit > 0n ? Number((left * 1000n) / limit) / 1000 : 0;
}

function amount(value: number | string): bigint {
  return typeof value === "string" ? toNano(value) : BigInt(value);
}
