import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { enqueue } from '#platform/jobs/jobs';
import { cardChanges, cardSaved, cardUpdated } from '../events.ts';
import { forgetCard, forgottenCard } from './jobs.ts';
import { lockPaymentMethod, type PaymentMethod, replacePaymentMethod } from './payment-method-store.ts';
import type { Card, SavedCard } from '../processors/index.ts';

/**
 * Puts a card that a processor keeps on file. Emits card_updated if it replaces another card, which a job deletes at
 * its processor, and card_saved if none was on file.
 */
export async function putCardOnFile(
  tx: Tx,
  profile_id: ProfileId,
  { processor, account, customer_key, method_key, card }: SavedCard & { processor: string; card: Card },
  { at, by }: { at: Date; by: UserId | null },
): Promise<PaymentMethod> {
  const replaced = await lockPaymentMethod(tx, profile_id);
  const method = await replacePaymentMethod(tx, {
    ...card,
    profile_id,
    processor,
    account,
    customer_key,
    method_key,
    updated_at: at,
  });
  if (!replaced) await emit(tx, cardSaved({ profile_id, originated_by: by }), at);
  if (replaced && (replaced.customer_key !== customer_key || replaced.method_key !== method_key)) {
    await enqueue(tx, forgetCard, forgottenCard(replaced));
    await emit(tx, cardUpdated({ profile_id, changes: cardChanges(replaced, card), originated_by: by }), at);
  }
  return method;
}
