import { exportEvents } from "../api";
import type { ExportQuery } from "../types";
import { saveFile } from "@/shared/api";
import { useAction } from "@/shared/composables";

export type ExportFormat = "csv" | "jsonl";

/** Brings the events of a stretch of time to the reader's disk. */
export function useExport() {
  return useAction(async (input: { query: ExportQuery; format: ExportFormat; name: string }) => {
    const file = await exportEvents({ ...input.query, format: input.format });
    saveFile(file, `${input.name}.${input.format}`);
  });
}
