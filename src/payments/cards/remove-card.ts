import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { enqueue } from '#platform/jobs/jobs';
import { forgetCard } from './jobs.ts';
import { deletePaymentMethod } from './payment-method-store.ts';

/** Removes the card of a profile from file, here immediately and at the processor by a job. No effect without a card. */
export async function removeCard(ctx: Context, profile_id: ProfileId): Promise<void> {
  await inTransaction(ctx.db, (tx) => removeCardIn(tx, profile_id));
}

/** Does the same in the caller's transaction. */
export async function removeCardIn(tx: Tx, profile_id: ProfileId): Promise<void> {
  const removed = await deletePaymentMethod(tx, profile_id);
  if (removed) await enqueue(tx, forgetCard, { processor: removed.processor, customer_key: removed.customer_key });
}
