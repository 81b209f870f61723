import { formatMoney, type Money } from '#kernel/money';
import type { Tx } from '#platform/db/database';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { lockProfile, profileName } from '#profiles';
import { paymentsProblems } from '../problems.ts';
import { findAvailableFunds, findPayoutByKey, insertPayout, type Payout } from '../records/index.ts';

/** A payout to reserve. Units: `amount` in 1/100 of `unit`, above zero. */
export interface WantedPayout extends Money {
  profile_id: ProfileId;
  processor: string;
  account: string;
  /** Idempotency key of the payout. */
  key: string;
  created_by: UserId | null;
  /** Name of the user, for the text of the entry; null for a job. */
  username: string | null;
  at: Date;
}

/**
 * Inserts the intent to pay funds out, unless its key was used: then it returns that payout. The caller commits it
 * before the processor is called.
 *
 * Locks: the profile, so that two payouts, or a payout and a refund, cannot promise the same funds.
 * @throws payout_exceeds_funds (409)
 */
export async function reservePayout(tx: Tx, { username, at, ...wanted }: WantedPayout): Promise<Payout> {
  const profile = await lockProfile(tx, wanted.profile_id);
  const earlier = await findPayoutByKey(tx, wanted.key);
  if (earlier) return earlier;
  const { amount, unit } = wanted;
  const funds = await findAvailableFunds(tx, wanted.profile_id);
  const available = Math.max(0, funds.find((each) => each.unit === unit)?.amount ?? 0);
  if (amount > available) {
    const [asked, left] = [amount, available].map((each) => formatMoney({ amount: each, unit }));
    throw paymentsProblems.payout_exceeds_funds({
      detail: `${asked} cannot be paid out while ${left} of the funds are available.`,
    });
  }
  const payout = await insertPayout(tx, {
    ...wanted,
    description: `withdraw from ${profileName(profile)}${username === null ? '' : ` (${username})`}`,
    state: 'reserved',
    created_at: at,
    updated_at: at,
  });
  // The profile is locked, so only a payout of another profile can have the key.
  if (!payout) throw paymentsProblems.payout_in_flight();
  return payout;
}
