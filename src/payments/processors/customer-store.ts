import type { Insertable, Selectable } from 'kysely';
import type { ProcessorCustomersTable, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Account } from './account.ts';

/** A customer of a processor, as its messages name it. */
export interface CustomerRef {
  processor: string;
  account: Account;
  customer_key: string;
}

/** Finds the customers that a profile has or had on an account, newest first. Index: primary key. */
export async function findCustomers(
  reader: Reader,
  { profile_id, processor, account }: { profile_id: ProfileId; processor: string; account: Account },
): Promise<{ customer_key: string; generation: number; deleted_at: Date | null }[]> {
  return reader
    .selectFrom('processor_customers')
    .select(['customer_key', 'generation', 'deleted_at'])
    .where('profile_id', '=', profile_id)
    .where('processor', '=', processor)
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

/** Finds the profile of a customer that is not known to be deleted. Index: processor_customers_key. */
export async function findCustomerOwner(reader: Reader, customer: CustomerRef): Promise<ProfileId | undefined> {
  const row = await reader
    .selectFrom('processor_customers')
    .select('profile_id')
    .where('customer_key', '=', customer.customer_key)
    .where('processor', '=', customer.processor)
    .where('account', '=', customer.account)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row?.profile_id;
}

/** Stores that the processor has deleted a customer, so that the next call makes another one. */
export async function markCustomerDeleted(tx: Tx, customer: CustomerRef, at: Date): Promise<void> {
  await tx
    .updateTable('processor_customers')
    .set({ deleted_at: at })
    .where('customer_key', '=', customer.customer_key)
    .where('processor', '=', customer.processor)
    .where('account', '=', customer.account)
    .where('deleted_at', 'is', null)
    .execute();
}

/** A customer whose profile changed since its facts were sent. */
export type ChangedCustomer = Pick<
  Selectable<ProcessorCustomersTable>,
  'profile_id' | 'processor' | 'account' | 'generation' | 'customer_key' | 'changes_count' | 'failures_count'
>;

/** Finds customers whose facts are to be sent now. Index: processor_customers_changed. */
export async function findChangedCustomers(
  reader: Reader,
  { processor, at, limit }: { processor: string; at: Date; limit: number },
): Promise<ChangedCustomer[]> {
  return reader
    .selectFrom('processor_customers')
    .select(['profile_id', 'processor', 'account', 'generation', 'customer_key', 'changes_count', 'failures_count'])
    .where((eb) => eb('changes_count', '>', eb.ref('sent_count')))
    .where('deleted_at', 'is', null)
    .where('processor', '=', processor)
    .where((eb) => eb.or([eb('next_at', 'is', null), eb('next_at', '<=', at)]))
    .orderBy('profile_id')
    .orderBy('account')
    .limit(limit)
    .execute();
}

/**
 * Stores the outcome of sending the facts of a customer. A change that came in the meantime stays to be sent:
 * `sent_count` is the count that was read before the profile.
 */
export async function updateSentCustomer(
  tx: Tx,
  { profile_id, processor, account, generation, changes_count }: ChangedCustomer,
  end: { sent: true } | { sent: false; failures_count: number; next_at: Date },
): Promise<void> {
  await tx
    .updateTable('processor_customers')
    .set(
      end.sent
        ? { sent_count: changes_count, failures_count: 0, next_at: null }
        : { failures_count: end.failures_count, next_at: end.next_at },
    )
    .where('profile_id', '=', profile_id)
    .where('processor', '=', processor)
    .where('account', '=', account)
    .where('generation', '=', generation)
    .$if(!end.sent, (query) => query.where('changes_count', '=', changes_count))
    .execute();
}
