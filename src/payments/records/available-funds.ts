import type { Money } from '#kernel/money';
import { accounts, selectBalance } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { builtOnce } from '#platform/db/built-once';
import { part, readTogether } from '#platform/db/together';
import { selectPromisedFunds } from './payout-store.ts';

const read = readTogether(
  (_reader, profile_id: ProfileId) => ({
    funds: part(selectBalance(profile_id, accounts.funds), {}),
    promised: part(selectPromisedFunds(profile_id), {}),
  }),
  builtOnce,
);

/**
 * Returns the funds that a refund or a payout can use, by unit: the Funds of a profile less what open refunds and
 * payouts will take. An amount below zero is owed. Lock the profile before, so that the funds are promised once.
 *
 * One statement, because a refund or payout that settles between two would be in neither of them.
 */
export async function findAvailableFunds(reader: Reader, profile_id: ProfileId): Promise<Money[]> {
  const { funds, promised } = await read(reader, profile_id);
  return subtractPromised(funds, promised);
}

/** Subtracts the promised amount of each unit. Pure. */
export function subtractPromised(funds: readonly Money[], promised: readonly Money[]): Money[] {
  return funds.map(({ amount, unit }) => ({
    amount: amount - (promised.find((each) => each.unit === unit)?.amount ?? 0),
    unit,
  }));
}
