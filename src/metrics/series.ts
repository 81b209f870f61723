import type { RowsOf } from './rows-of.ts';

/** Values of a report at instants: the end of a period of a flow, or the instant (exclusive) of a balance. */
export type SeriesValues = [at: string, value: number][];

/** A row of a report. */
export interface Series {
  slug: string;
  title: string;
  /** Account whose entries count, for balances. */
  selector?: string;
  values: SeriesValues;
  /** For each value the list of the rows that add up to it; null where there is none. */
  links: (RowsOf | null)[];
}

/** Pairs the values of balances with the bounds of a report. */
export function balanceValues(bounds: readonly Date[], values: readonly number[]): SeriesValues {
  return bounds.map((bound, index) => [bound.toISOString(), values[index] ?? 0]);
}

/** Pairs the values of flows, one per period, with the ends of the periods. */
export function flowValues(bounds: readonly Date[], values: readonly number[]): SeriesValues {
  return bounds.slice(1).map((bound, index) => [bound.toISOString(), values[index] ?? 0]);
}

/** Returns the flow in each period of a balance at each bound. */
export function flowsOf(balances: readonly number[]): number[] {
  return balances.slice(1).map((value, index) => value - (balances[index] ?? 0));
}

/** Names the rows of each period. `before` is the start of the period before it. */
export function linkPeriods(
  starts: readonly Date[],
  bounds: readonly Date[],
  rows: (period: { before_at: Date; start_at: Date; ends_at: Date }) => RowsOf | null,
): (RowsOf | null)[] {
  return bounds.slice(1).map((ends_at, index) => {
    const start_at = bounds[index] ?? ends_at;
    return rows({ before_at: starts[index] ?? start_at, start_at, ends_at });
  });
}

/** A report as the API shows it. */
export interface Report {
  title: string;
  /** What the report counts, as a text for people. */
  definition: string;
  results: Series[];
  /** Further series, with another measure. */
  extra?: Series[];
}
