import { compareCredits, sumCredits } from "@/shared/format";

/** One stacked series: the pixels of its bars and the exact words for each. */
export interface ChartSeries {
  id: string;
  name: string;
  values: number[];
  texts: string[];
}

export interface Cell {
  bucket: string;
  seriesId: string;
  seriesName: string;
  /** A decimal string; counts are written as one too. */
  amount: string;
}

export interface StackedData {
  buckets: string[];
  series: { id: string; name: string; amounts: string[]; total: string }[];
}

export const REST_ID = "\u0000rest";

/** Sorts cells into one row a series, largest first; what is beyond `most` series is summed up as the rest. */
export function stack(buckets: string[], cells: readonly Cell[], most: number, restName: string): StackedData {
  const position = new Map(buckets.map((bucket, index) => [bucket, index]));
  const rows = new Map<string, { name: string; amounts: string[] }>();
  for (const cell of cells) {
    const index = position.get(cell.bucket);
    if (index === undefined) continue;
    const row = rows.get(cell.seriesId) ?? { name: cell.seriesName, amounts: buckets.map(() => "0") };
    row.amounts[index] = sumCredits([row.amounts[index] ?? "0", cell.amount]);
    rows.set(cell.seriesId, row);
  }
  const series = [...rows]
    .map(([id, row]) => ({ id, ...row, total: sumCredits(row.amounts) }))
    .toSorted((a, b) => compareCredits(a.total, b.total));
  if (series.length <= most) return { buckets, series };
  const beyond = series.slice(most - 1);
  const rest = {
    id: REST_ID,
    name: restName,
    amounts: buckets.map((_, index) => sumCredits(beyond.map((row) => row.amounts[index] ?? "0"))),
    total: sumCredits(beyond.map((row) => row.total)),
  };
  return { buckets, series: [...series.slice(0, most - 1), rest] };
}
