import { findUserById } from '#accounts';
import { formatMoney, type Money } from '#kernel/money';
import { actorId } from '#platform/actor-id';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { findProfileById, lockProfile } from '#profiles';
import { parkReused } from '../park-reused.ts';
import { paymentsProblems } from '../problems.ts';
import { type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import { findConnectedAccount } from './connected-account.ts';
import { reservePayout } from './reserve-payout.ts';
import { settlePayoutOutcome } from './settle-payout.ts';

/**
 * Pays funds of a provider out to its bank. Returns a sentence for the caller.
 *
 * Three steps, like a refund: the intent is checked and committed, the processor is called with the key of the intent,
 * the outcome is booked. A job finishes a payout whose response was lost. A retry with the same `key` continues the
 * first payout, so the money is sent once.
 * @throws payout_account_absent, payout_exceeds_funds (409), payout_refused (400), processor_unreachable (503)
 */
export async function withdrawFunds(
  ctx: PaymentContext,
  profile_id: ProfileId,
  { amount, unit, key }: Money & { key: string },
): Promise<string> {
  const account = await findConnectedAccount(ctx, profile_id);
  const processor = account && ctx.processors.getByName(account.processor);
  const bank = account && processor && (await withProcessorTimeout(ctx, processor.payoutAccount(account.account)));
  if (!bank) throw await absentAccount(ctx, profile_id);
  if (bank.available?.unit === unit && amount > bank.available.amount) {
    const [asked, left] = [amount, bank.available.amount].map((each) => formatMoney({ amount: each, unit }));
    throw paymentsProblems.payout_exceeds_funds({
      detail: `${asked} cannot be paid out while ${left} have arrived at the payment processor.`,
    });
  }

  const created_by = actorId(ctx);
  const payout = await inTransaction(ctx.db, async (tx) => {
    // Serializes with disconnectBank.
    await lockProfile(tx, profile_id);
    const current = await findConnectedAccount(ctx, profile_id, tx);
    if (current?.account !== account.account) throw paymentsProblems.payout_account_absent();
    const user = created_by === null ? undefined : await findUserById(tx, created_by);
    const username = user?.username ?? null;
    const at = ctx.clock.now();
    return reservePayout(tx, { profile_id, ...account, amount, unit, key, created_by, username, at });
  });
  if (payout.state === 'reserved') {
    const request = { key, account: payout.account, amount: payout.amount, unit: payout.unit };
    const sent = ctx.processors.getByName(payout.processor).payout(request);
    const outcome = await withProcessorTimeout(ctx, sent).catch(async (error: unknown) => {
      // The job that finishes payouts looks it up by its key.
      await parkReused(ctx, { ...payout, key }, error);
      throw error;
    });
    await inTransaction(ctx.db, (tx) => settlePayoutOutcome(tx, payout.id, outcome, ctx.clock.now()));
    if (outcome.outcome === 'refused') throw paymentsProblems.payout_refused({ detail: outcome.detail });
  }
  if (payout.state === 'failed') throw paymentsProblems.payout_refused({ detail: payout.detail ?? '' });
  return `${formatMoney(payout)} are on their way to ${bank.bank_name} ${bank.last4}.`;
}

async function absentAccount(ctx: PaymentContext, profile_id: ProfileId) {
  const profile = await findProfileById(ctx.db, profile_id);
  return paymentsProblems.payout_account_absent(profile ? { location: paths.bank(profile.slug) } : {});
}
