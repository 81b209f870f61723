import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import type { ProfileId } from '#platform/db-schema';
import { enqueue } from '#platform/jobs';
import { forgetCard } from './jobs.ts';
import { deletePaymentMethod } from './payment-method-store.ts';

/** Takes the card of a profile off file, here at once and at the processor by a job. Harmless when there is none. */
export async function removeCard(ctx: Context, profile_id: ProfileId): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const removed = await deletePaymentMethod(tx, profile_id);
    if (removed) await enqueue(tx, forgetCard, { processor: removed.processor, customer_key: removed.customer_key });
  });
}
