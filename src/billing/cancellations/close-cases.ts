import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { lockProfile } from '#profiles';
import { closeSettledCases, findPayerStandings } from '../dunning/index.ts';
import type { Running } from '../pauses/index.ts';

/**
 * Closes the dunning case of the payer of a subscription that was cancelled, if nothing else is due there: a
 * subscription that does not renew is not charged again. What is due for used time stays due.
 *
 * In a transaction of its own, because the locks of a case begin with its payer. The next run of the renewals closes
 * what a crash or an error leaves open.
 */
export async function closeCasesOf(ctx: Context, { subscription, plan }: Running, at: Date): Promise<void> {
  const about = [{ subscription_id: subscription.id, provider_id: plan.profile_id }];
  for (const { payer_id, is_past_due } of await findPayerStandings(ctx.db, about)) {
    if (!is_past_due) continue;
    try {
      await inTransaction(ctx.db, async (tx) => closeSettledCases(tx, await lockProfile(tx, payer_id), at));
    } catch (error) {
      ctx.log.error({ err: error, profile_id: payer_id }, 'dunning case of a cancelled subscription not closed');
    }
  }
}
