/** How far a long work is, for the reader who waits. */
export interface Progress {
  /** Part that is done: 0 to 1. */
  part: number;
  /** Units of work per second of real time; null before the first second. */
  per_second: number | null;
  /** Estimate of the time that is left at this rate; null while the rate is unknown. */
  left_ms: number | null;
}

/** Returns the progress of a work of `total` units, of which `done` took `elapsed_ms`. Pure. */
export function measureProgress(done: number, total: number, elapsed_ms: number): Progress {
  const part = total <= 0 ? 1 : Math.min(1, Math.max(0, done / total));
  const per_second = elapsed_ms < 1 || done <= 0 ? null : (done / elapsed_ms) * 1000;
  const left_ms = per_second === null ? null : Math.max(0, ((total - done) / per_second) * 1000);
  return { part, per_second, left_ms };
}

/** Returns a duration in words with its two largest units: `2 min 5 s`, `3 h 0 min`. Pure. */
export function durationText(ms: number): string {
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
