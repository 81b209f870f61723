import { inTransaction } from '#platform/db/database';
import type { PaymentContext } from '../processors/index.ts';
import { findCursor, moveCursor } from './cursor-store.ts';
import { insertEvents, isConcerned, type NewStoredEvent, storedEvent } from './event-store.ts';

/** Account of the broker, to which all charges belong. Payouts of other accounts are reconciled by their own job. */
const ACCOUNT = '';

/** A list can show an event late: each sweep begins this long before the end of the last one. */
const OVERLAP_MS = 3_600_000;

/** Processors list their events for 30 days. */
const LISTED_MS = 25 * 86_400_000;

const BATCH = 200;

/**
 * Stores the events that the chosen processor lists and no request brought. Known events are not stored again.
 * The first sweep of a site begins an hour before it.
 */
export async function sweepEvents(ctx: PaymentContext): Promise<void> {
  const { name, intake } = ctx.processors.chosen;
  if (intake === null) return;
  const began_at = ctx.clock.now();
  const swept_at = (await findCursor(ctx.db, name, ACCOUNT)) ?? began_at;
  const since = Math.max(swept_at.getTime() - OVERLAP_MS, began_at.getTime() - LISTED_MS);
  if (began_at.getTime() - swept_at.getTime() > LISTED_MS)
    ctx.log.warn({ swept_at }, 'events of the payment processor were not listed for long: some are lost');
  let batch: NewStoredEvent[] = [];
  const store = async () => {
    const events = batch;
    batch = [];
    await inTransaction(ctx.db, (tx) => insertEvents(tx, events, ctx.clock.now()));
  };
  for await (const event of intake.listEvents(ACCOUNT, new Date(since))) {
    if (!isConcerned(event)) continue;
    batch.push(storedEvent(name, event));
    if (batch.length >= BATCH) await store();
  }
  await store();
  await inTransaction(ctx.db, (tx) => moveCursor(tx, name, ACCOUNT, began_at));
}
