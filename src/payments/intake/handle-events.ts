import { inTransaction } from '#platform/db/database';
import { deleteInBatches } from '#platform/db/delete-in-batches';
import { type PaymentContext, PROCESSOR_TIMEOUT_MS } from '../processors/index.ts';
import { claimEvents, closeEvents, deleteClosedEvents, postponeEvent, type StoredEvent } from './event-store.ts';
import { applyEvent } from './take-processor-event.ts';

/** Events that one run claims at once. */
const BATCH = 200;

/** Time of a claim. After it, another process handles the events of one that ended. */
const CLAIM_MS = 300_000;

/** Waits between the attempts to handle an event; after the last one it is parked. */
const RETRY_MS = [10_000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000];

/** An event can come before the response to its call: unknown objects are looked for again this often. */
const UNKNOWN_MAX = 3;
const UNKNOWN = 'unknown object';

/** Longer than a processor lists its events, so that one that is listed again is still known. */
const KEPT_MS = 35 * 86_400_000;

/**
 * Handles the events that are due: one call for each object, however many events name it. An event that fails is
 * postponed, then parked; the others go on.
 */
export async function handleEvents(ctx: PaymentContext): Promise<void> {
  for (;;) {
    const at = ctx.clock.now();
    const until = new Date(at.getTime() + CLAIM_MS);
    const events = await inTransaction(ctx.db, (tx) => claimEvents(tx, at, until, BATCH));
    for (const group of groupByObject(events)) {
      // A slow processor: what is left of the claim is shorter than a call, so the next run claims the rest.
      if (ctx.clock.now().getTime() > until.getTime() - PROCESSOR_TIMEOUT_MS) return;
      await handleGroup(ctx, group);
    }
    if (events.length < BATCH) break;
  }
}

/** Deletes events that are closed for long. */
export async function forgetEvents(ctx: PaymentContext): Promise<void> {
  const before = new Date(ctx.clock.now().getTime() - KEPT_MS);
  await deleteInBatches(ctx.db, (tx, rows_max) => deleteClosedEvents(tx, before, rows_max));
}

/** Groups events of one object, in the order in which they are due. A refund has a handler of its own. */
export function groupByObject(events: readonly StoredEvent[]): StoredEvent[][] {
  const groups = Map.groupBy(events, ({ processor, account, kind, object_key }) => {
    const handler = kind === 'dispute' ? 'charge' : kind;
    return JSON.stringify([processor, account, handler, object_key]);
  });
  return [...groups.values()];
}

async function handleGroup(ctx: PaymentContext, group: readonly StoredEvent[]): Promise<void> {
  const [first] = group;
  if (!first) return;
  const event_keys = group.map(({ event_key }) => event_key);
  const { processor, account, kind: type, object_key: object } = first;
  try {
    const taken = await applyEvent(ctx, processor, { type, object, account });
    const isUnsure = taken === 'ignored' && first.failures_count < UNKNOWN_MAX;
    if (isUnsure) return await postpone(ctx, group, UNKNOWN);
    const end = {
      state: taken === 'taken' ? 'done' : 'ignored',
      reason: taken === 'taken' ? null : UNKNOWN,
    } as const;
    await inTransaction(ctx.db, (tx) => closeEvents(tx, event_keys, { ...end, done_at: ctx.clock.now() }));
  } catch (error) {
    ctx.log.error({ err: error, object }, 'event of a payment processor not handled');
    const reason = error instanceof Error ? error.message.slice(0, 500) : 'unknown error';
    await postpone(ctx, group, reason);
  }
}

async function postpone(ctx: PaymentContext, group: readonly StoredEvent[], reason: string): Promise<void> {
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    for (const { event_key, failures_count } of group) {
      const wait_ms = RETRY_MS[failures_count];
      if (wait_ms === undefined) await closeEvents(tx, [event_key], { state: 'parked', reason, done_at: at });
      else await postponeEvent(tx, event_key, new Date(at.getTime() + wait_ms));
    }
  });
}
