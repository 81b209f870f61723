import type { Lane } from './lane.ts';
import type { ClaimedRow } from './lease-store.ts';
import type { Kind } from './outbox-store.ts';

export interface ClaimLoopOptions {
  lanes: Readonly<Record<Kind, Lane>>;
  /** Leases due rows, of each kind as many as given at most. */
  claim(counts: Record<Kind, number>): Promise<Record<Kind, ClaimedRow[]>>;
  /** Reports a failed claim. */
  onError(error: unknown): void;
  poll_ms: number;
  /** Time from a nudge to its claim: the nudges of that time cause one claim. */
  nudge_ms: number;
  /** Time after a claim that found rows until a nudge causes the next one, so that batches grow under load. */
  pause_ms: number;
}

export interface ClaimLoop {
  /** Claims rows in the background: after `nudge`, when a lane has room for rows that wait, and every `poll_ms`. */
  start(): void;
  /** Claims no more rows, releases those that wait and lets those under way finish, for at most `ms_max`. */
  stop(ms_max: number): Promise<void>;
  /** Reports that rows may have been committed. */
  nudge(): void;
  /** Reports that a lane takes rows again. */
  onRoom(kind: Kind): void;
  /** Handles all rows of the kinds that are due and waits for those under way; returns how many it claimed. */
  drain(kinds: readonly Kind[]): Promise<number>;
  /** Handles due rows of a kind, as many as one claim takes, and waits for those under way. */
  handleOnce(kind: Kind): Promise<void>;
  /** Waits for rows of both kinds that are claimed or under way; returns false if there were none. */
  untilIdle(): Promise<boolean>;
}

/** A batch of events that takes longer does not postpone the next claim. */
const BATCH_WAIT_MS_MAX = 1_000;
const bothKinds = ['event', 'job'] as const;

/** Makes the loop that claims rows for both lanes with one statement. */
// long: one schedule of claims
export function makeClaimLoop(options: ClaimLoopOptions): ClaimLoop {
  const { lanes, claim, onError, poll_ms, nudge_ms, pause_ms } = options;
  const now_ms = () => performance.now();
  let running: { stop: AbortController; done: Promise<void> } | null = null;
  let claimed: Promise<unknown> = Promise.resolve();
  /** Kinds of which more rows may be due than the last claim took. */
  const unfinished = new Set<Kind>();
  let due_ms = 0;
  let paused_until_ms = 0;
  let claimed_at_ms = -Infinity;
  let wake = () => {};

  function claimAt(instant_ms: number): void {
    due_ms = Math.min(due_ms, instant_ms);
    wake();
  }

  function claimIfUnfinished(kind: Kind): void {
    if (unfinished.has(kind) && lanes[kind].room() > 0) claimAt(now_ms());
  }

  /**
   * Claims rows and gives them to the lanes; returns how many, and if there was no work of the kinds at all. One claim
   * at a time, so that no caller misses rows that another one claims.
   */
  function claimNext(kinds: readonly Kind[]): Promise<{ count: number; is_drained: boolean }> {
    const next = claimed
      .catch(() => {})
      .then(async () => {
        const roomFor = (kind: Kind) => (kinds.includes(kind) ? lanes[kind].room() : 0);
        const counts = { event: roomFor('event'), job: roomFor('job') };
        const is_busy = kinds.some((kind) => lanes[kind].isBusy());
        const rows = counts.event + counts.job === 0 ? { event: [], job: [] } : await claim(counts);
        for (const kind of kinds) {
          if (rows[kind].length >= counts[kind]) unfinished.add(kind);
          else unfinished.delete(kind);
          lanes[kind].take(rows[kind]);
        }
        const count = rows.event.length + rows.job.length;
        return { count, is_drained: count === 0 && !is_busy };
      });
    claimed = next;
    return next;
  }

  /** Waits until a claim is due. While a batch of events is under way, it waits for its end: the next one is larger. */
  async function untilDue(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const batch_ms = lanes.event.isBusy() ? claimed_at_ms + BATCH_WAIT_MS_MAX : 0;
      const wait_ms = Math.max(due_ms, batch_ms) - now_ms();
      if (wait_ms <= 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, wait_ms);
      wake = resolve;
      await promise;
      clearTimeout(timer);
    }
  }

  async function loop(stop: AbortSignal): Promise<void> {
    for (;;) {
      await untilDue(stop);
      if (stop.aborted) return;
      claimed_at_ms = now_ms();
      due_ms = claimed_at_ms + poll_ms;
      const { count } = await claimNext(bothKinds).catch((error: unknown) => {
        onError(error);
        return { count: 0 };
      });
      if (count > 0) paused_until_ms = now_ms() + pause_ms;
      bothKinds.forEach(claimIfUnfinished);
    }
  }

  return {
    start() {
      if (running) return;
      due_ms = 0;
      for (const kind of bothKinds) lanes[kind].resume();
      const stop = new AbortController();
      running = { stop, done: loop(stop.signal) };
    },
    async stop(ms_max) {
      const limit = timeLimit(ms_max);
      running?.stop.abort();
      wake();
      await Promise.race([running?.done, limit.reached]);
      running = null;
      for (const kind of bothKinds) lanes[kind].halt();
      await Promise.race([Promise.all(bothKinds.map((kind) => lanes[kind].untilIdle())), limit.reached]);
      for (const kind of bothKinds) lanes[kind].resume();
      limit.clear();
    },
    nudge: () => claimAt(Math.max(now_ms() + nudge_ms, paused_until_ms)),
    onRoom(kind) {
      claimIfUnfinished(kind);
      wake();
    },
    async drain(kinds) {
      for (let total_count = 0; ;) {
        const { count, is_drained } = await claimNext(kinds);
        await Promise.all(kinds.map((kind) => lanes[kind].untilIdle()));
        if (is_drained) return total_count;
        total_count += count;
      }
    },
    async handleOnce(kind) {
      await claimNext([kind]);
      await lanes[kind].untilIdle();
    },
    async untilIdle() {
      await claimed.catch(() => {});
      const is_busy = bothKinds.some((kind) => lanes[kind].isBusy());
      await Promise.all(bothKinds.map((kind) => lanes[kind].untilIdle()));
      return is_busy;
    },
  };
}

function timeLimit(ms: number): { reached: Promise<void>; clear(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return { reached: promise, clear: () => clearTimeout(timer) };
}
