/** Upper bounds of the durations that are counted together, inclusive. Units: seconds. */
export const CALL_BOUNDS_S: readonly number[] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** Series that one process keeps. Calls of any other kind are counted together. */
const SERIES_MAX = 500;
const OTHER = 'other';

/** A kind of call. `path` names no object, so that their number is bounded; `status` is `none` without a response. */
export interface CallLabels {
  processor: string;
  method: string;
  path: string;
  status: string;
}

/** Calls of one kind since the start of this process. */
export interface CallSeries {
  labels: Readonly<Record<keyof CallLabels, string>>;
  /** Calls by duration: one count for each bound, and one for the longer calls. */
  counts: readonly number[];
  /** Units: seconds. */
  sum: number;
}

export interface CallTimes {
  add(labels: CallLabels, took_ms: number): void;
  series(): readonly CallSeries[];
}

/** Makes the counts of calls to a processor, in the memory of this process. */
export function makeCallTimes(): CallTimes {
  const kept = new Map<string, { labels: CallLabels; counts: number[]; sum: number }>();
  function seriesOf(labels: CallLabels) {
    const { processor, method, path, status } = labels;
    const key = `${processor} ${method} ${path} ${status}`;
    const known = kept.get(key);
    if (known) return known;
    if (kept.size >= SERIES_MAX && path !== OTHER) return seriesOf({ ...labels, path: OTHER });
    const series = { labels, counts: [...CALL_BOUNDS_S, Infinity].map(() => 0), sum: 0 };
    kept.set(key, series);
    return series;
  }
  return {
    add(labels, took_ms) {
      const series = seriesOf(labels);
      const took_s = took_ms / 1000;
      const bucket = CALL_BOUNDS_S.findIndex((bound) => took_s <= bound);
      const index = bucket === -1 ? CALL_BOUNDS_S.length : bucket;
      series.counts[index] = (series.counts[index] ?? 0) + 1;
      series.sum += took_s;
    },
    series: () => [...kept.values()],
  };
}
