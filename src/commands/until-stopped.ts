import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** npm forwards a signal that its process group got as well: what follows this fast is the same signal. */
const SAME_SIGNAL_MS = 1_000;
const EXIT_MARGIN_MS = 30_000;

export interface Stop {
  signal: 'SIGINT' | 'SIGTERM';
  /** Resolves after `ms`, or at a further signal: an operator who asks again does not want to wait. */
  delay(ms: number): Promise<void>;
}

/**
 * Waits for the signal that asks the process to stop. Later signals do not end the process, which stops by itself; when its
 * work does not end within `work_ms_max` and 30 s more, it exits with 1.
 */
export async function untilStopped(log: Logger, work_ms_max: number): Promise<Stop> {
  const { promise, resolve } = Promise.withResolvers<Stop['signal']>();
  const again = new AbortController();
  let first_ms: number | null = null;
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      const now_ms = performance.now();
      first_ms ??= now_ms;
      if (now_ms - first_ms > SAME_SIGNAL_MS) again.abort();
      resolve(name);
    });
  const signal = await promise;
  log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), work_ms_max + EXIT_MARGIN_MS).unref();
  return { signal, delay: (ms) => sleep(ms, undefined, { signal: again.signal }).catch(() => {}) };
}
