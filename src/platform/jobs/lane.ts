import { setTimeout as sleep } from 'node:timers/promises';
import type { ClaimedRow } from './outbox-store.ts';

export interface LaneOptions {
  /** Leases due rows to this process. */
  claim(): Promise<ClaimedRow[]>;
  /** Handles a row and records its outcome. */
  handle(row: ClaimedRow): Promise<void>;
  /** Releases rows that were claimed and not handled. */
  release(rows: readonly ClaimedRow[]): Promise<void>;
  /** Reports a failed claim or an outcome that was not recorded; the row is retried when its lease expires. */
  onError(error: unknown): void;
  concurrency_max(): number;
  poll_ms: number;
}

/** Handles rows of the outbox concurrently, with a limit. */
export interface Lane {
  /** Handles rows in the background: promptly after `nudge`, and at least every `poll_ms`. */
  start(): void;
  /** Claims no more rows, releases those that wait and lets those under way finish, for at most `ms_max`. */
  stop(ms_max: number): Promise<void>;
  /** Reports that rows may have been committed. */
  nudge(): void;
  /** Handles all rows that are due and waits for those under way; returns how many it started. */
  drain(): Promise<number>;
}

// long: one set of rows is claimed, started and stopped
export function makeLane({ claim, handle, release, onError, concurrency_max, poll_ms }: LaneOptions): Lane {
  const waiting: ClaimedRow[] = [];
  const under_way = new Set<Promise<void>>();
  let running: { stop: AbortController; done: Promise<void> } | null = null;
  let wake = new AbortController();
  let claimed: Promise<void> = Promise.resolve();

  function start(row: ClaimedRow): void {
    const work = handle(row)
      .catch(onError)
      .finally(() => under_way.delete(work));
    under_way.add(work);
  }

  /** Claims rows unless some wait. One claim at a time, so that no caller misses rows that another caller claims. */
  function claimNext(): Promise<void> {
    claimed = claimed
      .catch(() => {})
      .then(async () => {
        if (waiting.length === 0) waiting.push(...(await claim()));
      });
    return claimed;
  }

  /** Starts rows until the limit is reached or none is due; returns how many. */
  async function fill(): Promise<number> {
    if (under_way.size >= concurrency_max()) return 0;
    if (waiting.length === 0) await claimNext();
    let count = 0;
    while (under_way.size < concurrency_max()) {
      const row = waiting.shift();
      if (!row) break;
      start(row);
      count += 1;
    }
    return count;
  }

  async function drain(): Promise<number> {
    let count = 0;
    for (;;) {
      const started_count = await fill();
      count += started_count;
      if (under_way.size >= concurrency_max()) await Promise.race(under_way);
      else if (started_count === 0 && under_way.size > 0) await Promise.all(under_way);
      else if (started_count === 0) return count;
    }
  }

  async function loop(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      wake = new AbortController();
      const started_count = await fill().catch((error: unknown) => {
        onError(error);
        return 0;
      });
      if (under_way.size >= concurrency_max()) await Promise.race(under_way);
      else if (started_count === 0)
        await sleep(poll_ms, undefined, { signal: AbortSignal.any([stop, wake.signal]) }).catch(() => {});
    }
  }

  return {
    start() {
      const stop = new AbortController();
      running ??= { stop, done: loop(stop.signal) };
    },
    async stop(ms_max) {
      running?.stop.abort();
      const limit = sleep(ms_max, undefined, { ref: false });
      await Promise.race([running?.done, limit]);
      running = null;
      if (waiting.length > 0) await release(waiting.splice(0)).catch(onError);
      await Promise.race([Promise.all(under_way), limit]);
    },
    nudge() {
      wake.abort();
    },
    drain,
  };
}
