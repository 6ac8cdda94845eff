import type { LedgerKind } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const fetchBalance = () => api.get("/v1/credits/balance");

export const listGrants = (page: PageRequest) => api.get("/v1/credits/grants", { query: page });

export const listLedger = (kind: LedgerKind | undefined, page: PageRequest) =>
  api.get("/v1/credits/ledger", { query: { ...page, kind } });
