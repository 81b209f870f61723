import { accounts, moveAmount, postEvent } from '#ledger';
import type { Tx } from '#platform/db/database';
import type { PayoutId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { getProcessor } from '#profiles';
import { payoutFailed } from '../events.ts';
import type { PayoutOutcome, PayoutReport } from '../processors/index.ts';
import { decidePayoutStep, lockPayout, type Payout, payoutSubject, updatePayout } from '../records/index.ts';

/**
 * Applies a report of the processor to a payout: books the amount when the payout is first seen, and its return when
 * the bank returned it. Each booking has the instant at which it is made, so that a closed month does not change.
 * Idempotent: late and repeated reports change nothing.
 *
 * Locks: the payout.
 * @see docs/spec/billing.md 2.11
 */
export async function settlePayout(tx: Tx, id: PayoutId, report: PayoutReport, at: Date): Promise<void> {
  const payout = await lockPayout(tx, id);
  const step = decidePayoutStep(payout, report.state);
  if (step === null) return;
  const { processor_key } = report;
  const detail = step.to === 'failed' ? 'The bank returned the payout.' : null;
  await updatePayout(tx, id, { state: step.to, processor_key, detail, updated_at: at });
  if (step.books !== null) await bookPayout(tx, { ...payout, processor_key }, step.books, at);
  if (detail !== null) await emitFailure(tx, payout, detail, { is_returned: step.books === 'returned', at });
}

/** Closes a payout that the processor refused or never received: nothing was sent. No effect on a payout that was. */
export async function closeUnsentPayout(tx: Tx, id: PayoutId, detail: string, at: Date): Promise<void> {
  const payout = await lockPayout(tx, id);
  if (payout.state !== 'reserved') return;
  await updatePayout(tx, id, { state: 'failed', detail, updated_at: at });
  await emitFailure(tx, payout, detail, { is_returned: false, at });
}

async function emitFailure(
  tx: Tx,
  { id, profile_id, amount, unit }: Payout,
  detail: string,
  { is_returned, at }: { is_returned: boolean; at: Date },
): Promise<void> {
  const facts = { payout_id: id, provider_id: profile_id, amount, unit, is_returned, detail };
  await emit(tx, payoutFailed(facts), at);
}

/** Applies the outcome of a request. */
export async function settlePayoutOutcome(tx: Tx, id: PayoutId, outcome: PayoutOutcome, at: Date): Promise<void> {
  if (outcome.outcome === 'accepted') await settlePayout(tx, id, outcome.payout, at);
  else await closeUnsentPayout(tx, id, outcome.detail, at);
}

async function bookPayout(
  tx: Tx,
  payout: Payout & { processor_key: string },
  books: 'sent' | 'returned',
  at: Date,
): Promise<void> {
  const { processor_key, amount, unit, description } = payout;
  const funds = { profile_id: payout.profile_id, account: accounts.funds };
  const withdrawn = { profile_id: (await getProcessor(tx)).id, account: accounts.withdraw };
  // A negative payout debits the bank account: it goes the other way.
  const leaves = amount > 0 === (books === 'sent');
  await postEvent(tx, {
    key: `payout:${processor_key}${books === 'sent' ? '' : ':failed'}`,
    kind: books === 'sent' ? 'payout' : 'payout_failed',
    at,
    entries: [
      moveAmount({
        from: leaves ? funds : withdrawn,
        to: leaves ? withdrawn : funds,
        amount: Math.abs(amount),
        unit,
        subject: payoutSubject(processor_key),
        description: books === 'sent' ? description : `${description} - returned`,
      }),
    ],
  });
}
