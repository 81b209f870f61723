import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { enqueue } from '#platform/jobs/jobs';
import { cardChanges, cardUpdated } from '../events.ts';
import { forgetCard } from './jobs.ts';
import { lockPaymentMethod, type PaymentMethod, replacePaymentMethod } from './payment-method-store.ts';
import type { Card } from '../processors/index.ts';

/** Puts a card that the processor knows on file; the one it replaces is told about, and forgotten there by a job. */
export async function putCardOnFile(
  tx: Tx,
  profile_id: ProfileId,
  known: { processor: string; customer_key: string; card: Card },
  { at, by }: { at: Date; by: UserId | null },
): Promise<PaymentMethod> {
  const { processor, customer_key, card } = known;
  const replaced = await lockPaymentMethod(tx, profile_id);
  const method = await replacePaymentMethod(tx, { ...card, profile_id, processor, customer_key, updated_at: at });
  if (replaced && replaced.customer_key !== customer_key) {
    await enqueue(tx, forgetCard, { processor: replaced.processor, customer_key: replaced.customer_key });
    await emit(tx, cardUpdated({ profile_id, changes: cardChanges(replaced, card), originated_by: by }), at);
  }
  return method;
}
