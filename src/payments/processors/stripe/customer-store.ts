import type { Insertable } from 'kysely';
import type { ProcessorCustomersTable, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Account } from '../account.ts';
import { STRIPE } from './stripe-needs.ts';

/** Finds the customers that a profile has or had on an account, newest first. Index: primary key. */
export async function findCustomers(
  reader: Reader,
  profile_id: ProfileId,
  account: Account,
): Promise<{ customer_key: string; generation: number }[]> {
  return reader
    .selectFrom('processor_customers')
    .select(['customer_key', 'generation'])
    .where('profile_id', '=', profile_id)
    .where('processor', '=', STRIPE)
    .where('account', '=', account)
    .orderBy('generation', 'desc')
    .execute();
}

/** Inserts a customer; no effect if a concurrent call inserted it. */
export async function insertCustomer(tx: Tx, customer: Insertable<ProcessorCustomersTable>): Promise<void> {
  await tx
    .insertInto('processor_customers')
    .values(customer)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
