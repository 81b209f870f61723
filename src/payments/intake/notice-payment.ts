import { type Db, inTransaction } from '#platform/db/database';
import { enqueue } from '#platform/jobs/jobs';
import { cancelPayment, finishPayment } from '../charges/index.ts';
import { findAttemptByIntent } from '../records/index.ts';

/**
 * Begins the job that finishes the order of a payment, or of a page at the processor, that waited for its payer. A
 * payment that asks for a confirmation (`is_action`) after it was refused is canceled instead. False if no attempt is
 * concerned: the message of a payment of another origin, a repeated or a late one has no effect.
 */
export async function noticePayment(
  { db }: { db: Db },
  { processor, account, intent_key }: { processor: string; account: string; intent_key: string },
  is_action: boolean,
): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const attempt = await findAttemptByIntent(tx, intent_key);
    if (attempt?.processor !== processor || attempt.account !== account) return false;
    const { id: charge_attempt_id, state } = attempt;
    if (state === (is_action ? 'declined' : 'awaiting_action'))
      await (is_action
        ? enqueue(tx, cancelPayment, { charge_attempt_id, intent_key })
        : enqueue(tx, finishPayment, { charge_attempt_id }));
    return true;
  });
}
