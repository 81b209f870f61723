import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { isDatabaseDown } from '../db/database.ts';
import type { Subscriber } from './events.ts';
import { claimDueRows, markDelivered, markFailed, type ClaimedRow } from './outbox-store.ts';

const BATCH = 64;
/** Deliveries at the same time within a batch; mail servers set the pace, so one by one is too slow. */
const AT_ONCE_MAX = 8;
const LEASE_MS = 120_000;
const FAILURES_MAX = 10;
const BACK_OFF_MS = 5_000;
const BACK_OFF_MS_MAX = 3_600_000;

export interface Relay {
  /** Delivers in the background, promptly after a nudge and at least once a second. */
  start(): void;
  /** Lets the delivery under way finish. */
  stop(): Promise<void>;
  /** Says that something may have been committed. */
  nudge(): void;
  /** Delivers all that is due now by the site's clock; answers how many deliveries were tried. */
  drain(): Promise<number>;
}

/**
 * Hands the events of the outbox to their subscribers: each at least once, after its transaction committed.
 *
 * Many processes may do so at once; a row is with one of them at a time. An event that fails is tried again after
 * 5 s, 10 s, 20 s … (an hour at most, by the site's clock) and parked after ten failures, while others go on.
 */
export function makeRelay(
  makeContext: () => Promise<Context>,
  subscribers: readonly Subscriber[],
  poll_ms = 1_000,
): Relay {
  let passes: Promise<number> = Promise.resolve(0);
  let running: { stop: AbortController; done: Promise<void> } | null = null;
  let wake = new AbortController();

  /** One pass at a time, so that whoever drains also waits for what the background was delivering. */
  function drain(): Promise<number> {
    passes = passes.catch(() => 0).then(() => deliverDue(makeContext, subscribers));
    return passes;
  }

  async function loop(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      wake = new AbortController();
      await drain().catch((error: unknown) => complain(makeContext, error));
      await sleep(poll_ms, undefined, { signal: AbortSignal.any([stop, wake.signal]), ref: false }).catch(() => {});
    }
  }

  return {
    start() {
      const stop = new AbortController();
      running ??= { stop, done: loop(stop.signal) };
    },
    async stop() {
      running?.stop.abort();
      await running?.done;
      running = null;
    },
    nudge() {
      wake.abort();
    },
    drain,
  };
}

async function deliverDue(makeContext: () => Promise<Context>, subscribers: readonly Subscriber[]): Promise<number> {
  let count = 0;
  for (;;) {
    const ctx = await makeContext();
    const at = ctx.clock.now();
    const rows = await claimDueRows(ctx.db, { at, leased_until: new Date(at.getTime() + LEASE_MS), count: BATCH });
    if (rows.length === 0) return count;
    for (let first = 0; first < rows.length; first += AT_ONCE_MAX) {
      const group = rows.slice(first, first + AT_ONCE_MAX);
      await Promise.all(group.map((row) => deliver(ctx, subscribers, row)));
    }
    count += rows.length;
  }
}

async function deliver(ctx: Context, subscribers: readonly Subscriber[], row: ClaimedRow): Promise<void> {
  const errors: unknown[] = [];
  for (const subscriber of subscribers.filter((each) => each.wants(row.name))) {
    try {
      await subscriber.handle(ctx, row);
    } catch (error) {
      ctx.log.warn(
        { err: error, event: row.name, outbox_id: row.id, subscriber: subscriber.name },
        'event not handled',
      );
      errors.push(error);
    }
  }
  const at = ctx.clock.now();
  if (errors.length === 0) return markDelivered(ctx.db, row.id, at);

  const failures_count = row.attempts_count + 1;
  const parked = failures_count >= FAILURES_MAX;
  if (parked) ctx.log.error({ err: errors[0], event: row.name, outbox_id: row.id }, 'event parked');
  await markFailed(ctx.db, row.id, {
    at,
    error: errors.map(String).join('\n'),
    next_attempt_at: parked ? null : new Date(at.getTime() + backOff(failures_count)),
  });
}

function backOff(failures: number): number {
  return Math.min(BACK_OFF_MS * 2 ** (failures - 1), BACK_OFF_MS_MAX);
}

async function complain(makeContext: () => Promise<Context>, error: unknown): Promise<void> {
  const ctx = await makeContext().catch(() => null);
  ctx?.log[isDatabaseDown(error) ? 'warn' : 'error']({ err: error }, 'events could not be delivered');
}
