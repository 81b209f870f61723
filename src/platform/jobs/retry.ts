const FAILURES_MAX = 10;
const BACK_OFF_MS = 5_000;
const BACK_OFF_MS_MAX = 3_600_000;

/** Returns the instant of the next attempt: 5 s, 10 s, 20 s … after a failure, at most 1 h; null after ten failures. */
export function retryAt(failures_count: number, at: Date): Date | null {
  if (failures_count >= FAILURES_MAX) return null;
  return new Date(at.getTime() + Math.min(BACK_OFF_MS * 2 ** (failures_count - 1), BACK_OFF_MS_MAX));
}
