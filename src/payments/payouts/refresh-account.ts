import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { accountDisconnected } from '../events.ts';
import { type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import { markAccountDenied, type PayoutAccount, updateAccountFacts, updatePayoutAccountEnd } from '../records/index.ts';

/** A second refusal this long after the first one proves that the access has ended. */
const CONFIRMED_AFTER_MS = 600_000;

/**
 * Asks the processor for the state of a connected account and stores it.
 *
 * `denied`: the processor refused the call, which changes nothing yet. `disconnected`: it refused one that came ten
 * minutes or more after the first refusal, without a success between them; later charges are made on the account of the
 * broker, and the provider and the broker are notified. Any other error changes nothing.
 * @throws processor_unreachable (503)
 */
export async function refreshAccount(
  ctx: PaymentContext,
  { id, processor, account, profile_id }: PayoutAccount,
): Promise<'known' | 'denied' | 'disconnected'> {
  const facts = await withProcessorTimeout(ctx, ctx.processors.getByName(processor).retrieveAccount(account));
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    if (facts !== null) {
      await updateAccountFacts(tx, id, facts, at);
      return 'known';
    }
    const denied_at = await markAccountDenied(tx, id, at);
    if (denied_at === null) return 'disconnected';
    if (at.getTime() - denied_at.getTime() < CONFIRMED_AFTER_MS) return 'denied';
    await updatePayoutAccountEnd(tx, id, at);
    await emit(tx, accountDisconnected({ provider_id: profile_id, processor, account }), at);
    ctx.log.error({ account, profile_id }, 'account of a provider disconnected at the payment processor');
    return 'disconnected';
  });
}
