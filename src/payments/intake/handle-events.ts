import { inTransaction } from '#platform/db/database';
import { deleteInBatches } from '#platform/db/delete-in-batches';
import { forgetSetups } from '../cards/index.ts';
import { findPayoutAccountByKey } from '../records/index.ts';
import { watchPayment } from '../orphans/index.ts';
import { type PaymentContext, PROCESSOR_TIMEOUT_MS } from '../processors/index.ts';
import {
  claimEvents,
  closeEvents,
  deleteClosedEvents,
  type EventClaim,
  type EventGroup,
  postponeEvents,
} from './event-store.ts';
import { applyEvent } from './take-processor-event.ts';

/** Due events whose objects are claimed at once; each object with all its due events. */
const BATCH = 200;

/** Time of a claim. After it, another process handles the events of one that ended. */
const CLAIM_MS = 300_000;

/** Waits between the attempts to handle an event; after the last one it is parked. */
const RETRY_MS = [10_000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000];

/** An event can come before the response to its call: unknown objects are looked for again this often. */
const UNKNOWN_MAX = 3;
const UNKNOWN = 'unknown object';
const UNCONCERNED = 'nothing of the site depends on it';

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
    const groups = await inTransaction(ctx.db, (tx) => claimEvents(tx, at, until, BATCH));
    for (const group of groups) {
      // A slow processor: what is left of the claim is shorter than a call, so the next run claims the rest.
      if (ctx.clock.now().getTime() > until.getTime() - PROCESSOR_TIMEOUT_MS) return;
      await handleGroup(ctx, { group, until });
    }
    if (groups.length === 0) break;
  }
}

/** Deletes events that are closed for long, and cards to keep that no payer confirmed. */
export async function forgetEvents(ctx: PaymentContext): Promise<void> {
  await forgetSetups(ctx);
  const before = new Date(ctx.clock.now().getTime() - KEPT_MS);
  await deleteInBatches(ctx.db, (tx, rows_max) => deleteClosedEvents(tx, before, rows_max));
}

async function handleGroup(ctx: PaymentContext, claim: EventClaim): Promise<void> {
  const { processor, account, kind: type, object_key: object, failures_count } = claim.group;
  try {
    const applied = await applyEvent(ctx, processor, { type, object, account });
    if (applied === 'unconcerned') return await close(ctx, claim, { state: 'ignored', reason: UNCONCERNED });
    const isUnsure = applied === 'ignored' && failures_count < UNKNOWN_MAX;
    const taken = applied === 'taken' || (!isUnsure && (await watchUnknown(ctx, claim.group)));
    if (!taken) return await ignore(ctx, claim);
    await close(ctx, claim, { state: 'done', reason: null });
  } catch (error) {
    ctx.log.error({ err: error, object, failures_count }, 'event of a payment processor not handled');
    const reason = error instanceof Error ? error.message.slice(0, 500) : 'unknown error';
    const at = ctx.clock.now();
    await inTransaction(ctx.db, async (tx) => {
      await closeEvents(tx, claim, { state: 'parked', reason, done_at: at }, RETRY_MS.length);
      await postponeEvents(tx, claim, at, RETRY_MS);
    });
  }
}

async function close(
  ctx: PaymentContext,
  claim: EventClaim,
  end: { state: 'done' | 'ignored'; reason: string | null },
): Promise<void> {
  await inTransaction(ctx.db, (tx) => closeEvents(tx, claim, { ...end, done_at: ctx.clock.now() }));
}

/** Notes the payment of a charge that Tollgate does not know, if it is one of this installation. */
async function watchUnknown(
  ctx: PaymentContext,
  { processor, account, kind, object_key: processor_key }: EventGroup,
): Promise<boolean> {
  if (kind !== 'charge' && kind !== 'refund' && kind !== 'dispute') return false;
  if (account !== '' && !(await findPayoutAccountByKey(ctx.db, processor, account))) return false;
  return watchPayment(ctx, processor, { processor_key, account });
}

/** Closes the events of an unknown object that was looked for often enough, and postpones the others. */
async function ignore(ctx: PaymentContext, claim: EventClaim): Promise<void> {
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await closeEvents(tx, claim, { state: 'ignored', reason: UNKNOWN, done_at: at }, UNKNOWN_MAX);
    await postponeEvents(tx, claim, at, RETRY_MS);
  });
}
