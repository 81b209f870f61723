import type { Insertable, Selectable } from 'kysely';
import type { Reader, Tx } from '#platform/db/database';
import type { TestProcessorAccountsTable, TestProcessorPayoutsTable } from '#platform/db/db-schema';

export type TestAccount = Selectable<TestProcessorAccountsTable>;
export type TestPayout = Selectable<TestProcessorPayoutsTable>;

export async function insertTestAccount(tx: Tx, account: Insertable<TestProcessorAccountsTable>): Promise<void> {
  await tx
    .insertInto('test_processor_accounts')
    .values(account)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function deleteTestAccount(tx: Tx, key: string): Promise<void> {
  await tx.deleteFrom('test_processor_accounts').where('key', '=', key).execute();
}

export async function findTestAccount(reader: Reader, key: string): Promise<TestAccount | undefined> {
  return reader.selectFrom('test_processor_accounts').selectAll().where('key', '=', key).executeTakeFirst();
}

export async function findTestPayout(
  reader: Reader,
  by: { key: string } | { processor_key: string },
): Promise<TestPayout | undefined> {
  const query = reader.selectFrom('test_processor_payouts').selectAll();
  const named = 'key' in by ? query.where('idempotency_key', '=', by.key) : query.where('key', '=', by.processor_key);
  return named.executeTakeFirst();
}

/** Inserts a payout and returns it; undefined if the idempotency key was used. */
export async function insertTestPayout(
  tx: Tx,
  payout: Insertable<TestProcessorPayoutsTable>,
): Promise<TestPayout | undefined> {
  return tx
    .insertInto('test_processor_payouts')
    .values(payout)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

/** Moves a payout that did not fail to its end; false if there is none. */
export async function decideTestPayout(tx: Tx, key: string, state: 'paid' | 'failed'): Promise<boolean> {
  const row = await tx
    .updateTable('test_processor_payouts')
    .set({ state })
    .where('key', '=', key)
    .where('state', '<>', 'failed')
    .returning('key')
    .executeTakeFirst();
  return row !== undefined;
}

/** Returns the payouts of an account since an instant, after a key, oldest first. */
export async function findTestPayouts(
  reader: Reader,
  account: string,
  { since, after, limit }: { since: Date; after: TestPayout | null; limit: number },
): Promise<TestPayout[]> {
  // Index: test_processor_payouts_account.
  return reader
    .selectFrom('test_processor_payouts')
    .selectAll()
    .where('account', '=', account)
    .where('created_at', '>=', since)
    .$if(after !== null, (query) =>
      query.where((eb) =>
        eb(eb.refTuple('created_at', 'key'), '>', eb.tuple(after?.created_at ?? since, after?.key ?? '')),
      ),
    )
    .orderBy('created_at')
    .orderBy('key')
    .limit(limit)
    .execute();
}

/** Returns the payouts, newest first, at most 100. */
export async function findNewestTestPayouts(reader: Reader): Promise<TestPayout[]> {
  return reader
    .selectFrom('test_processor_payouts')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('key')
    .limit(100)
    .execute();
}
