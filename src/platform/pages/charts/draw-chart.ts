import { scaleBand, scaleLinear } from 'd3-scale';
import { line, stack, stackOffsetDiverging } from 'd3-shape';
import { type Chart, type ChartSeries, type ChartSpec, seriesNumber } from './chart.ts';
import { stepOf } from './chart-text.ts';

const HEIGHT = 200;
/** Width of one period in the view box; the picture is stretched to the width of the page. */
const PERIOD_WIDTH = 100;
/** Share of a period that stays free beside its bar. */
const GAP = 0.44;
/** A value other than zero stays visible next to a large one. */
const BAR_HEIGHT_MIN = 1.5;
const TICKS_COUNT = 4;
/** Lines of more values have points only where a value stands alone. */
const POINTS_MAX = 13;

type Drawing = Pick<Chart, 'width' | 'height' | 'zero_y' | 'bars' | 'lines' | 'points'> & {
  ticks: readonly { y: number; value: number }[];
};

/** Draws the values of a chart: coordinates with one decimal, the same for the same values. */
export function drawChart(spec: ChartSpec): Drawing {
  const count = Math.max(0, spec.bounds.length - 1);
  const places = Array.from({ length: count }, (_, index) => index);
  const width = Math.max(1, count) * PERIOD_WIDTH;
  const x = scaleBand<number>()
    .domain(places)
    .range([0, width])
    .paddingInner(GAP)
    .paddingOuter(GAP / 2);
  const ticks = niceTicks(extentOf(spec), stepOf(spec.amounts));
  const y = scaleLinear()
    .domain([ticks[0] ?? 0, ticks.at(-1) ?? 1])
    .range([HEIGHT, 0]);
  const frame: Frame = {
    left: (index) => x(index) ?? 0,
    bar_width: round(x.bandwidth()),
    y,
    isRunning: (index) => spec.is_running && index === count - 1,
  };
  return {
    width,
    height: HEIGHT,
    zero_y: round(y(0)),
    ticks: ticks.toReversed().map((value) => ({ value, y: round(y(value)) })),
    bars: barsOf(
      spec.series.filter((series) => !isLine(spec, series)),
      places,
      frame,
    ),
    lines: spec.series.flatMap((series) => (isLine(spec, series) ? linesOf(series, frame) : [])),
    points: spec.series.flatMap((series) => (isLine(spec, series) ? pointsOf(series, frame) : [])),
  };
}

interface Frame {
  left: (index: number) => number;
  bar_width: number;
  y: (value: number) => number;
  isRunning: (index: number) => boolean;
}

/** True if a series is a line: those of a balance, and the periods before above the bars of a flow. */
function isLine({ kind }: Pick<ChartSpec, 'kind'>, { role }: Pick<ChartSeries, 'role'>): boolean {
  return kind === 'balance' || role === 'previous';
}

/** Lowest and highest value that is drawn, zero included. */
function extentOf({ kind, series, bounds }: ChartSpec): [number, number] {
  const lines = series.filter((each) => isLine({ kind }, each));
  const drawn = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  const bars = series.filter((each) => !isLine({ kind }, each));
  const sums = bounds.slice(1).map((_, index) => {
    const values = bars.map(({ values: all }) => all[index] ?? 0);
    const sumOf = (part: (value: number) => number) => values.reduce((sum, value) => sum + part(value), 0);
    return [sumOf((value) => Math.min(0, value)), sumOf((value) => Math.max(0, value))] as const;
  });
  return [Math.min(0, ...drawn, ...sums.map(([low]) => low)), Math.max(0, ...drawn, ...sums.map(([, high]) => high))];
}

/** Returns round values at equal distances that contain the extent; multiples of `step`. */
function niceTicks([low, high]: readonly [number, number], step: number): number[] {
  const missing = Math.max(0, TICKS_COUNT - (high - low) / step);
  const domain = low < 0 && high === 0 ? [low / step - missing, 0] : [low / step, high / step + missing];
  const scale = scaleLinear().domain(domain).nice(TICKS_COUNT);
  const [first = 0, last = 0] = scale.domain();
  const ticks = scale.ticks(TICKS_COUNT);
  const distance = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const count = Math.round((last - first) / distance);
  return Array.from({ length: count + 1 }, (_, index) => (first + index * distance) * step);
}

function barsOf(series: readonly ChartSeries[], places: readonly number[], frame: Frame): Chart['bars'] {
  const stacked = stack<unknown, number, number>()
    .keys(series.map((_, key) => key))
    .value((index, key) => series[key]?.values[index] ?? 0)
    .offset(stackOffsetDiverging)(places);
  return stacked.flatMap((layer) =>
    layer.flatMap(([low, high], index) => {
      const each = series[layer.key];
      if (!each || low === high) return [];
      const top = frame.y(high);
      const height = Math.max(BAR_HEIGHT_MIN, frame.y(low) - top);
      const is_below = high <= 0;
      return [
        {
          series: seriesNumber(each.role),
          is_running: frame.isRunning(index),
          x: round(frame.left(index)),
          y: round(is_below ? top : frame.y(low) - height),
          width: frame.bar_width,
          height: round(height),
        },
      ];
    }),
  );
}

/** Draws a line through the values of the periods that are over, and a dashed one to that of the running period. */
function linesOf({ role, values }: ChartSeries, frame: Frame): Chart['lines'] {
  const draw = line<number | null>()
    .defined((value) => value !== null)
    .x((_, index) => round(centerOf(index, frame)))
    .y((value) => round(frame.y(value ?? 0)));
  const last = values.length - 1;
  const is_running = frame.isRunning(last);
  const over = draw(values.map((value, index) => (is_running && index === last ? null : value)));
  const running = is_running ? draw(values.map((value, index) => (index < last - 1 ? null : value))) : null;
  return [
    { is_running: false, path: over },
    { is_running: true, path: running },
  ].flatMap(({ path, ...rest }) =>
    path === null || path === '' ? [] : [{ series: seriesNumber(role), ...rest, path }],
  );
}

function pointsOf({ role, values }: ChartSeries, frame: Frame): Chart['points'] {
  return values.flatMap((value, index) => {
    const is_alone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
    const is_shown = values.length <= POINTS_MAX || is_alone || index === values.length - 1;
    if (value === null || !is_shown) return [];
    const path = `M${round(centerOf(index, frame))},${round(frame.y(value))}h0`;
    return [{ series: seriesNumber(role), is_running: frame.isRunning(index), path }];
  });
}

function centerOf(index: number, { left, bar_width }: Frame): number {
  return left(index) + bar_width / 2;
}

function round(coordinate: number): number {
  const rounded = Math.round(coordinate * 10) / 10;
  return rounded === 0 ? 0 : rounded; // never -0
}
