import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** npm forwards a signal that the process group also received: signals within this time count as one. */
const SAME_SIGNAL_MS = 1_000;
const EXIT_MARGIN_MS = 30_000;

export interface Stop {
  signal: 'SIGINT' | 'SIGTERM';
  /** Resolves after `ms` or at the next signal, with which an operator skips the delay. */
  delay(ms: number): Promise<void>;
}

/**
 * Waits for SIGINT or SIGTERM from the call on: call it before the process says that it is ready. Later signals do not
 * end the process: the caller stops it in order.
 * Exits with status 1 if the process still runs after `work_ms_max` plus 30 s.
 */
export async function untilStopped(log: Logger, work_ms_max: number): Promise<Stop> {
  const { promise, resolve } = Promise.withResolvers<Stop['signal']>();
  const next_signal = new AbortController();
  let first_ms: number | null = null;
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      const now_ms = performance.now();
      first_ms ??= now_ms;
      if (now_ms - first_ms > SAME_SIGNAL_MS) next_signal.abort();
      resolve(name);
    });
  const signal = await promise;
  log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), work_ms_max + EXIT_MARGIN_MS).unref();
  return { signal, delay: (ms) => sleep(ms, undefined, { signal: next_signal.signal }).catch(() => {}) };
}
