/** Names and values of a chart, as its table shows them. */
export interface ChartTable {
  /** Headings of the columns, that of the periods first. */
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** Returns the period at a distance from the left edge of a chart; null when there is none. */
export function periodAt(left: number, width: number, count: number): number | null {
  if (count === 0 || width <= 0) return null;
  return Math.min(count - 1, Math.max(0, Math.floor((left / width) * count)));
}

/** Returns the period that a key selects, or null for a key without meaning. Without selection it is the latest. */
export function periodOfKey(key: string, selected: number | null, count: number): number | null {
  if (count === 0) return null;
  const last = count - 1;
  switch (key) {
    case 'ArrowLeft':
      return selected === null ? last : Math.max(0, selected - 1);
    case 'ArrowRight':
      return selected === null ? last : Math.min(last, selected + 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

/** Returns the values of a period in words: "Oct 2026: Payments $7,249.08, Refunds −$20.00". */
export function readPeriod({ head, rows }: ChartTable, index: number): string {
  const [name = '', ...values] = rows[index] ?? [];
  return `${name}: ${values.map((value, column) => `${head[column + 1] ?? ''} ${value}`).join(', ')}`;
}
