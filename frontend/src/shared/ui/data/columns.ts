/** How one column of a `DataTable` looks; richer cells come through the slot `cell-<key>`. */
export interface Column<T> {
  key: string;
  label: string;
  /** Plain text of the cell where no slot draws it. */
  text?: (row: T) => string;
  align?: "start" | "end";
  /** Names the row for screen readers and heads its card on a phone. */
  heading?: boolean;
  /** May break into several lines; otherwise a cell is one line. */
  wrap?: boolean;
  /** Makes the column sortable among the rows that are shown. */
  compare?: (a: T, b: T) => number;
}
