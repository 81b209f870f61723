import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { paymentRefused } from '../events.ts';
import type { DeclinedOutcome } from '../processors/index.ts';
import { isSiteRefusal } from '../problems.ts';
import { claimPaymentNotice } from './refusal-store.ts';

/** A payment, or a card to keep, that the processor refused. */
interface RefusedCall {
  processor: string;
  account: string;
  /** The payer. */
  profile_id: ProfileId;
  /** In 1/100 of `unit`; null for a card to keep. */
  amount: number | null;
  unit: string | null;
}

/**
 * Notifies the broker of a request that the processor refused for a reason of the site, which no card of the payer
 * resolves: once an hour for each account and reason. The notice is emitted in the transaction that closes the attempt.
 */
export async function noteRefusal(
  tx: Tx,
  { processor, account, profile_id, amount, unit }: RefusedCall,
  reason: Partial<Pick<DeclinedOutcome, 'kind'>> & Pick<DeclinedOutcome, 'code'>,
  at: Date,
): Promise<void> {
  const { code } = reason;
  if (!isSiteRefusal(reason) || !(await claimPaymentNotice(tx, { processor, account, code }, at))) return;
  await emit(
    tx,
    paymentRefused({ processor, account, reason: code, profile_id, amount, unit, originated_by: null }),
    at,
  );
}
