import { amountOf } from "./numbers";
import type { Measure, TimeGroup, UsageRow } from "./types";
import type { Format } from "@/shared/format";
import { asPixels } from "@/shared/format";
import { stack, type ChartSeries, type StackedData } from "@/shared/ui/chart";

const MOST_SERIES = 8;

export interface ChartModel {
  data: StackedData;
  buckets: string[];
  series: ChartSeries[];
  totals: string[];
}

export function measureText(format: Format, measure: Measure): (amount: string) => string {
  return measure === "credits" ? (amount) => format.credits(amount) : (amount) => format.number(Number(amount));
}

/** From the rows of a summary over time to what the chart and its table draw. */
export function chartModel(
  rows: readonly UsageRow[],
  options: {
    group: TimeGroup;
    /** Every stretch of time of the range; without them only those with usage are drawn. */
    buckets?: readonly { id: string }[];
    measure: Measure;
    format: Format;
    restName: string;
    wholeName: string;
  },
): ChartModel {
  const { format, group, measure } = options;
  const text = measureText(format, measure);
  const ids = options.buckets?.map((bucket) => bucket.id) ?? [...new Set(rows.map((row) => row.group.id))];
  const cells = rows.map((row) => ({
    bucket: row.group.id,
    seriesId: row.split?.id ?? "",
    seriesName: row.split?.label ?? options.wholeName,
    amount: amountOf(row, measure),
  }));
  const data = stack(ids, cells, MOST_SERIES, options.restName);
  const totals = stack(
    ids,
    cells.map((cell) => ({ ...cell, seriesId: "", seriesName: "" })),
    1,
    "",
  ).series[0];
  return {
    data,
    buckets: ids.map((id) => format.bucket(id, group)),
    series: data.series.map((row) => ({
      id: row.id,
      name: row.name,
      values: row.amounts.map(asPixels),
      texts: row.amounts.map(text),
    })),
    totals: (totals?.amounts ?? []).map(text),
  };
}
