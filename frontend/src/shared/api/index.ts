export { api, bindContext, download } from "./client";
export { ApiError, toApiError, type FieldProblem } from "./errors";
export type { Answer, Body, Item, Page, Query } from "./types";
export { saveFile } from "./save";
