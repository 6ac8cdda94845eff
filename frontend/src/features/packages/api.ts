import type { DraftTerms, Move, NewMove, NewPackage, PackageChange } from "./types";
import { api } from "@/shared/api";
import type { PageRequest } from "@/shared/composables";

export const listPackages = (archived: boolean, page: PageRequest) =>
  api.get("/v1/admin/packages", { query: { ...page, archived } });

/** What can be assigned or moved to; an installation has a handful of packages. */
export const listLivingPackages = () => api.get("/v1/admin/packages", { query: { archived: false, limit: 200 } });

export const createPackage = (body: NewPackage) => api.post("/v1/admin/packages", { body });

export const changePackage = (id: string, body: PackageChange) =>
  api.patch("/v1/admin/packages/{package_id}", { path: { package_id: id }, body });

export const writeDraft = (id: string, revision: number, terms: DraftTerms) =>
  api.put("/v1/admin/packages/{package_id}/draft", { path: { package_id: id }, body: { revision, terms } });

export const publishPackage = (id: string, revision: number) =>
  api.post("/v1/admin/packages/{package_id}/publish", { path: { package_id: id }, body: { revision } });

export const archivePackage = (id: string, revision: number, reason: string) =>
  api.post("/v1/admin/packages/{package_id}/archive", { path: { package_id: id }, body: { revision, reason } });

export const moveSubscribers = (id: string, body: Move) =>
  api.post("/v1/admin/packages/{package_id}/move", { path: { package_id: id }, body });

export const listMoves = (id: string) =>
  api.get("/v1/admin/packages/{package_id}/moves", { path: { package_id: id }, query: { limit: 1 } });

export const startMove = (id: string, body: NewMove) =>
  api.post("/v1/admin/packages/{package_id}/moves", { path: { package_id: id }, body });

export const stopMove = (id: string, moveId: string) =>
  api.post("/v1/admin/packages/{package_id}/moves/{move_id}/stop", { path: { package_id: id, move_id: moveId } });

export const fetchPackage = (id: string) =>
  api.get("/v1/admin/packages/{package_id}", { path: { package_id: id } });
