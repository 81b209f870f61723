import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { enqueue } from '#platform/jobs/jobs';
import { deleteSetups } from './card-setup-store.ts';
import { forgetCard, forgottenCard } from './jobs.ts';
import { deletePaymentMethods } from './payment-method-store.ts';

/** Deletes the cards on file immediately, and at their processors by jobs. No effect without a card. */
export async function removeCard(ctx: Context, profile_id: ProfileId): Promise<void> {
  await inTransaction(ctx.db, (tx) => deleteSavedCard(tx, profile_id));
}

/** Deletes the cards on file in the caller's transaction; see removeCard. */
export async function deleteSavedCard(tx: Tx, profile_id: ProfileId): Promise<void> {
  await deleteSetups(tx, profile_id);
  for (const removed of await deletePaymentMethods(tx, profile_id)) {
    await enqueue(tx, forgetCard, forgottenCard(removed));
  }
}
