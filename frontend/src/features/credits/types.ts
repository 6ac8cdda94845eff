import type { Answer, Item } from "@/shared/api";

export type Balance = Answer<"/v1/credits/balance">;
export type Grant = Item<"/v1/credits/grants">;
export type LedgerEntry = Item<"/v1/credits/ledger">;

export const LEDGER_KINDS = [
  "grant",
  "usage",
  "expiry",
  "rollover",
  "repayment",
  "forgiveness",
  "void",
  "adjustment",
  "reversal",
] as const;
export type LedgerKind = (typeof LEDGER_KINDS)[number];

export const ORIGINS = ["adjustment", "top_up", "voucher", "compensation", "subscription"] as const;
export type Origin = (typeof ORIGINS)[number];
