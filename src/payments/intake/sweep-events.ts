import { inTransaction } from '#platform/db/database';
import type { PayoutAccountId } from '#platform/db/db-schema';
import { walkRows } from '#platform/jobs/walk-rows';
import type { Account, PaymentContext } from '../processors/index.ts';
import { refreshAccount } from '../payouts/index.ts';
import { findCursor, findPayoutAccounts, moveCursor, noteMissedSpan } from '../records/index.ts';
import { insertEvents, isConcerned, type NewStoredEvent, storedEvent } from './event-store.ts';

/** Account of the broker. */
const BROKER = '';

/** An account that was disconnected this long ago still has refunds and disputes. */
const ACTIVE_MS = 40 * 86_400_000;

/** A list can show an event late: each sweep begins this long before the end of the last one. */
const OVERLAP_MS = 3_600_000;

/** Processors list their events for 30 days; a cursor that is older than this is too old. */
const LISTED_MS = 25 * 86_400_000;

const BATCH = 200;

/**
 * Stores the events that the chosen processor lists and no request brought: of the broker's own account, and of those
 * of providers if charges are made there. Known events are not stored again. An account that cannot be listed is logged
 * and does not delay the others.
 */
export async function sweepEvents(ctx: PaymentContext): Promise<void> {
  const { name, intake, direct_charges } = ctx.processors.chosen;
  if (intake === null) return;
  await sweepAccount(ctx, BROKER);
  if (!direct_charges) return;
  const since = new Date(ctx.clock.now().getTime() - ACTIVE_MS);
  await walkRows({
    findBatch: (after: PayoutAccountId | null, limit) => findPayoutAccounts(ctx.db, since, { after, limit }),
    async work(row) {
      if (row.processor !== name || row.account === BROKER) return;
      // Messages about an account can be lost too, and after the access ended nothing else is listed.
      const isDenied = row.disconnected_at === null && (await refreshAccount(ctx, row)) !== 'known';
      if (!isDenied) await sweepAccount(ctx, row.account);
    },
    onError: ({ account }, error) => ctx.log.warn({ err: error, account }, 'events of an account not listed'),
  });
}

/**
 * Notes that the events between a cursor and what the processor still lists are lost, so that a job compares that time
 * with the books. What is listed is not compared: its events are stored.
 */
async function noteMissed(ctx: PaymentContext, account: Account, swept_at: Date, began_at: Date): Promise<void> {
  const { name, movements } = ctx.processors.chosen;
  // An hour of the events that are listed is compared too.
  const listed_from = new Date(began_at.getTime() - LISTED_MS);
  const to = new Date(listed_from.getTime() + OVERLAP_MS);
  const from = new Date(swept_at.getTime() - OVERLAP_MS);
  ctx.log.warn(
    { swept_at, account, is_compared: movements !== null },
    'events of the payment processor were not listed for long: that time is compared with the books',
  );
  if (movements === null) return;
  const moved = { swept_at, moved_to: listed_from };
  await inTransaction(ctx.db, (tx) => noteMissedSpan(tx, name, { account, from, to }, moved));
}

/**
 * Sweeps one account. The first sweep begins an hour before it, and stores that instant first: if it fails, the next
 * one begins there too.
 */
async function sweepAccount(ctx: PaymentContext, account: Account): Promise<void> {
  const { name, intake } = ctx.processors.chosen;
  if (intake === null) return;
  const began_at = ctx.clock.now();
  const known_at = await findCursor(ctx.db, name, account);
  if (!known_at) await inTransaction(ctx.db, (tx) => moveCursor(tx, name, account, began_at));
  const swept_at = known_at ?? began_at;
  const since = Math.max(swept_at.getTime() - OVERLAP_MS, began_at.getTime() - LISTED_MS);
  if (began_at.getTime() - swept_at.getTime() > LISTED_MS) await noteMissed(ctx, account, swept_at, began_at);
  let batch: NewStoredEvent[] = [];
  const store = async () => {
    const events = batch;
    batch = [];
    await inTransaction(ctx.db, (tx) => insertEvents(tx, events, ctx.clock.now()));
  };
  for await (const event of intake.listEvents(account, new Date(since))) {
    if (!isConcerned(event)) continue;
    batch.push(storedEvent(name, event));
    if (batch.length >= BATCH) await store();
  }
  await store();
  await inTransaction(ctx.db, (tx) => moveCursor(tx, name, account, began_at));
}
