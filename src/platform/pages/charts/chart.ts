import { type Static, Type } from 'typebox';
import { NullableString } from '../../http/schemas.ts';
import type { Amounts } from './chart-text.ts';

/** What a series shows. The same role has the same colour on every page. */
export const series_roles = ['payments', 'new', 'due', 'losses', 'previous'] as const;
export type SeriesRole = (typeof series_roles)[number];

export type ChartPeriod = 'hour' | 'day' | 'week' | 'month' | 'year';

export interface ChartSeries {
  role: SeriesRole;
  label: string;
  /** One value for each period: the flow in it, or the balance at its end. Null where there is none. */
  values: readonly (number | null)[];
}

/** What a page gives to draw a chart. */
export interface ChartSpec {
  /** Unique on the page; letters, digits and hyphens. */
  id: string;
  title: string;
  /** Text behind the "i": what is counted, and by which day. */
  definition?: string | null;
  /** `flow` draws stacked bars, values below zero below the axis; `balance` draws lines. */
  kind: 'flow' | 'balance';
  period: ChartPeriod;
  /** Starts of the periods, ascending, and the end (exclusive) of the last: one more than values. */
  bounds: readonly Date[];
  /** True if the last period is not over. */
  is_running: boolean;
  series: readonly ChartSeries[];
  amounts: Amounts;
  /** Heading of a last column of the table with the sum of the series, such as "Net"; none when omitted. */
  total?: string | null;
  /** Sentence of a chart without values: "No payments yet". */
  empty: string;
  /** Address of the CSV with the values of this chart. */
  csv_href?: string | null;
}

const Text = Type.String();
const Coordinate = Type.Number();

/** Data of `_chart.html`. Coordinates are those of a view box of `width` × `height`, y downwards. */
export const Chart = Type.Object({
  id: Text,
  title: Text,
  definition: NullableString,
  /** What the picture shows, for readers who do not see it. */
  sentence: Text,
  /** Text across the axes of a chart without values; null with values. */
  empty: NullableString,
  legend: Type.Array(Type.Object({ series: Type.Integer(), label: Text })),
  /** Entry of the legend for the dashed period; null if every period is over. */
  running: NullableString,
  width: Type.Integer(),
  height: Type.Integer(),
  /** From the top to the bottom, at equal distances over the whole height. */
  ticks: Type.Array(Type.Object({ y: Coordinate, label: Text })),
  zero_y: Coordinate,
  bars: Type.Array(
    Type.Object({
      series: Type.Integer(),
      is_running: Type.Boolean(),
      x: Coordinate,
      y: Coordinate,
      width: Coordinate,
      height: Coordinate,
    }),
  ),
  lines: Type.Array(Type.Object({ series: Type.Integer(), is_running: Type.Boolean(), path: Text })),
  /** A path of length 0: its round end is the point. */
  points: Type.Array(Type.Object({ series: Type.Integer(), is_running: Type.Boolean(), path: Text })),
  /** One for each period; without a label where labels would touch each other. */
  columns: Type.Array(Type.Object({ label: NullableString, is_minor: Type.Boolean() })),
  table: Type.Object({
    caption: Text,
    head: Type.Array(Text),
    rows: Type.Array(Type.Object({ name: Text, cells: Type.Array(Text) })),
  }),
  csv_href: NullableString,
});
export type Chart = Static<typeof Chart>;

/** Number of the colour of a series, from 1. */
export function seriesNumber(role: SeriesRole): number {
  return series_roles.indexOf(role) + 1;
}
