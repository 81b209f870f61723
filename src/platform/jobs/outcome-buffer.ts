import type { Outcome } from './lease-store.ts';

/** Outcomes that are saved together. */
export interface OutcomeBuffer {
  /** Adds an outcome. It is saved by the next `flush`, after `delay_ms` at most. */
  add(outcome: Outcome): void;
  /** Saves what was added before the call; resolves also when that fails. */
  flush(): Promise<void>;
}

interface BufferOptions {
  save(outcomes: readonly Outcome[]): Promise<void>;
  /** Reports outcomes that were not saved; their rows are retried when their leases expire. */
  onError(error: unknown): void;
  /** Bound of the time in which a crash makes a finished attempt run again. */
  delay_ms: number;
  count_max: number;
}

/** Makes a buffer that saves outcomes upon `flush`, when it is full, and when the oldest one waited for `delay_ms`. */
export function makeOutcomeBuffer({ save, onError, delay_ms, count_max }: BufferOptions): OutcomeBuffer {
  let waiting: Outcome[] = [];
  let saved: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;

  function flush(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    if (waiting.length > 0) {
      const outcomes = waiting;
      waiting = [];
      saved = saved.then(() => save(outcomes)).catch(onError);
    }
    return saved;
  }

  return {
    add(outcome) {
      waiting.push(outcome);
      if (waiting.length >= count_max) void flush();
      else timer ??= setTimeout(() => void flush(), delay_ms);
    },
    flush,
  };
}
