import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { formatMoney } from '#kernel/money';
import { findProfileById, lockProfile } from '#profiles';
import { paymentReturned } from '../events.ts';
import { closeIntent } from '../intents/index.ts';
import { type PaymentContext, type TakenPayment, withProcessorTimeout } from '../processors/index.ts';
import { insertOrphan, type Orphan, updateOrphan } from '../records/index.ts';
import { findClaim } from './claim.ts';
import { parkOrphan } from './orphan-message-store.ts';

/** How long a paid payment waits for the checkout that names it. */
const UNCLAIMED_MS = 3_600_000;

/**
 * Decides that a payment goes back to its payer, because its order is refused. False if an order has it, or may still
 * get it. The job `refund_orphans` makes the refund.
 *
 * Locks: the payer's profile.
 */
export async function returnPayment(
  ctx: Context,
  processor: string,
  taken: TakenPayment,
  payer_id: ProfileId,
): Promise<boolean> {
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    await lockProfile(tx, payer_id);
    if ((await findClaim(tx, taken, at)) !== null) return false;
    const orphan = await insertOrphan(tx, { ...taken, processor, profile_id: payer_id, due_at: at, created_at: at });
    if (orphan.state === 'watched') await beginReturn(tx, orphan, at);
    return true;
  });
}

/** Promises the refund of an orphan: no order can claim it any more, and payer and broker learn of it. */
export async function beginReturn(tx: Tx, orphan: Orphan, at: Date): Promise<void> {
  const { id, profile_id, charge_key, amount, unit, taken_at } = orphan;
  await updateOrphan(tx, id, { state: 'refunding', due_at: at });
  await closeIntent(tx, orphan.intent_key, at);
  const reason = describeOrphan({ ...orphan, state: 'refunding' }, 'Its refund is on its way.');
  await parkOrphan(tx, orphan, { reason, at, reopens: false });
  const facts = { profile_id, charge_key, amount, unit, taken_at: taken_at.toISOString() };
  await emit(tx, paymentReturned(facts), at);
}

/** Sentence of the list of parked messages. */
export function describeOrphan({ amount, unit, state }: Orphan, detail: string): string {
  const which = state === 'watched' ? 'that no order has so far' : 'that no order wants';
  return `A payment of ${formatMoney({ amount, unit })} ${which}. ${detail}`;
}

/**
 * Notes a payment of this installation that Tollgate has no charge of: unless an order claims it within an hour, it
 * goes back. False if the charge took no money, or is of another origin.
 * @throws processor_unreachable (503)
 */
export async function watchPayment(
  ctx: PaymentContext,
  name: string,
  charge: { processor_key: string; account: string },
): Promise<boolean> {
  const { intents } = ctx.processors.getByName(name);
  const taken = intents && (await withProcessorTimeout(ctx, intents.findTaken(charge)));
  if (!taken) return false;
  await inTransaction(ctx.db, async (tx) => {
    const payer = taken.profile_id === null ? undefined : await findProfileById(tx, taken.profile_id);
    const due_at = new Date(taken.taken_at.getTime() + UNCLAIMED_MS);
    const profile_id = payer?.id ?? null;
    await insertOrphan(tx, { ...taken, processor: name, profile_id, due_at, created_at: ctx.clock.now() });
  });
  return true;
}
