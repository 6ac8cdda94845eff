import { exportEvents } from "../api";
import type { ExportQuery } from "../types";
import { useAction } from "@/shared/composables";

export type ExportFormat = "csv" | "jsonl";

function save(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

/** Brings the events of a stretch of time to the reader's disk. */
export function useExport() {
  return useAction(async (input: { query: ExportQuery; format: ExportFormat; name: string }) => {
    const file = await exportEvents({ ...input.query, format: input.format });
    save(file, `${input.name}.${input.format}`);
  });
}
