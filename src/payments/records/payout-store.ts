import { type Insertable, sql } from 'kysely';
import type { Money } from '#kernel/money';
import type { PayoutAccountId, PayoutAccountsTable, PayoutId, PayoutsTable, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { AccountFacts } from '../processors/index.ts';
import type { Payout, PayoutAccount } from './payout.ts';

/** Selects the account to which a profile is paid out now. Index: payout_accounts_connected. */
export function selectPayoutAccount(reader: Reader, profile_id: ProfileId) {
  return reader
    .selectFrom('payout_accounts')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .where('disconnected_at', 'is', null);
}

/** Finds the account to which a profile is paid out now. */
export async function findPayoutAccount(reader: Reader, profile_id: ProfileId): Promise<PayoutAccount | undefined> {
  return selectPayoutAccount(reader, profile_id).executeTakeFirst();
}

/** Finds the account that a profile was connected to last, also if it is disconnected. */
export async function findLastPayoutAccount(reader: Reader, profile_id: ProfileId): Promise<PayoutAccount | undefined> {
  return reader
    .selectFrom('payout_accounts')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Finds an account, also one that was disconnected. */
export async function findPayoutAccountByKey(
  reader: Reader,
  processor: string,
  account: string,
): Promise<PayoutAccount | undefined> {
  return reader
    .selectFrom('payout_accounts')
    .selectAll()
    .where('processor', '=', processor)
    .where('account', '=', account)
    .executeTakeFirst();
}

/** Inserts an account; no effect if the account exists, or if the profile has one. */
export async function insertPayoutAccount(
  tx: Tx,
  account: Omit<Insertable<PayoutAccountsTable>, 'requirements'>,
): Promise<void> {
  await tx
    .insertInto('payout_accounts')
    .values({ ...account, requirements: '{}' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function updatePayoutAccountEnd(tx: Tx, id: PayoutAccountId, disconnected_at: Date): Promise<void> {
  await tx.updateTable('payout_accounts').set({ disconnected_at }).where('id', '=', id).execute();
}

/** Stores the state of a connected account after a call that the processor carried out. */
export async function updateAccountFacts(
  tx: Tx,
  id: PayoutAccountId,
  { requirements, ...facts }: AccountFacts,
  checked_at: Date,
): Promise<void> {
  await tx
    .updateTable('payout_accounts')
    .set({ ...facts, requirements: JSON.stringify(requirements), checked_at, denied_at: null })
    .where('id', '=', id)
    .where('disconnected_at', 'is', null)
    .execute();
}

/** Stores when the processor first denied the access to an account, and returns it; null if it is disconnected. */
export async function markAccountDenied(tx: Tx, id: PayoutAccountId, at: Date): Promise<Date | null> {
  const row = await tx
    .updateTable('payout_accounts')
    .set((eb) => ({ denied_at: eb.fn.coalesce('denied_at', eb.val(at)) }))
    .where('id', '=', id)
    .where('disconnected_at', 'is', null)
    .returning('denied_at')
    .executeTakeFirst();
  return row?.denied_at ?? null;
}

/** Returns the accounts that are connected, or were at `since` or later, by id, with an id above `after`. */
export async function findPayoutAccounts(
  reader: Reader,
  since: Date,
  { after, limit }: { after: PayoutAccountId | null; limit: number },
): Promise<PayoutAccount[]> {
  return reader
    .selectFrom('payout_accounts')
    .selectAll()
    .where((eb) => eb.or([eb('disconnected_at', 'is', null), eb('disconnected_at', '>=', since)]))
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Inserts a payout and returns it; undefined if its key, or the processor's key of it, is stored already. */
export async function insertPayout(tx: Tx, payout: Insertable<PayoutsTable>): Promise<Payout | undefined> {
  return tx
    .insertInto('payouts')
    .values(payout)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

export async function findPayoutByKey(reader: Reader, key: string): Promise<Payout | undefined> {
  return reader.selectFrom('payouts').selectAll().where('key', '=', key).executeTakeFirst();
}

export async function findPayoutOfProcessor(
  reader: Reader,
  processor: string,
  processor_key: string,
): Promise<Payout | undefined> {
  return reader
    .selectFrom('payouts')
    .selectAll()
    .where('processor', '=', processor)
    .where('processor_key', '=', processor_key)
    .executeTakeFirst();
}

export async function lockPayout(tx: Tx, id: PayoutId): Promise<Payout> {
  return tx.selectFrom('payouts').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow();
}

/** Stores the change of a payout. The caller holds the row lock. */
export async function updatePayout(
  tx: Tx,
  id: PayoutId,
  change: Pick<Payout, 'state' | 'detail' | 'updated_at'> & { processor_key?: string },
): Promise<void> {
  await tx.updateTable('payouts').set(change).where('id', '=', id).execute();
}

/** Returns the payouts that were requested before an instant and are not decided, by id, with an id above `after`. */
export async function findOpenPayouts(
  reader: Reader,
  before: Date,
  { after, limit }: { after: PayoutId | null; limit: number },
): Promise<Payout[]> {
  // Index: payouts_open.
  return reader
    .selectFrom('payouts')
    .selectAll()
    .where('state', 'in', ['reserved', 'pending'])
    .where('created_at', '<', before)
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Returns the newest payouts of a profile. */
export async function findNewestPayouts(reader: Reader, profile_id: ProfileId, limit: number): Promise<Payout[]> {
  // Index: payouts_profile_id.
  return reader
    .selectFrom('payouts')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** True if a payout of a profile is not decided. */
export async function hasOpenPayout(reader: Reader, profile_id: ProfileId): Promise<boolean> {
  // Index: payouts_open.
  const row = await reader
    .selectFrom('payouts')
    .select('id')
    .where('profile_id', '=', profile_id)
    .where('state', 'in', ['reserved', 'pending'])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Returns the sums that open refunds and payouts will take from a provider's funds, by unit. A payout counts until it
 * is booked.
 */
export function selectPromisedFunds(profile_id: ProfileId) {
  // Indexes: refunds_one_in_flight and payouts_open, which hold open rows only.
  return sql<Money>`
    select unit, sum(amount)::bigint as amount from (
      select line.funds_unit as unit, line.distribute_amount as amount
      from refunds refund
        join refund_lines line on line.refund_id = refund.id
        join charge_items item on item.id = line.charge_item_id
      where refund.state = 'reserved' and item.provider_id = ${profile_id}
      union all
      select unit, amount from payouts where state = 'reserved' and profile_id = ${profile_id}
    ) as promised group by unit`;
}
