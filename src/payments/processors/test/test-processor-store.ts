import { type Insertable, type Selectable, sql } from 'kysely';
import type { Db, Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import type {
  TestProcessorChargesTable,
  TestProcessorCustomersTable,
  TestProcessorRefundsTable,
} from '#platform/db/db-schema';

export type TestCharge = Selectable<TestProcessorChargesTable>;
export type TestCustomer = Selectable<TestProcessorCustomersTable>;
export type TestRefund = Selectable<TestProcessorRefundsTable>;

export async function findTestCharge(
  reader: Reader,
  by: { key: string } | { idempotency_key: string },
): Promise<TestCharge | undefined> {
  const query = reader.selectFrom('test_processor_charges').selectAll();
  return ('key' in by ? query.where('key', '=', by.key) : query.where('idempotency_key', '=', by.idempotency_key))
    .limit(1)
    .executeTakeFirst();
}

/** Inserts a charge and returns it; undefined if the idempotency key was used. */
export async function insertTestCharge(
  writer: Db | Tx,
  charge: Insertable<TestProcessorChargesTable>,
): Promise<TestCharge | undefined> {
  const { key, idempotency_key, request_hash, customer_key, amount, unit, description, card, decline_code } = charge;
  const { created_at, state, outcome } = charge;
  const [inserted] = await executeFragment(
    writer,
    fragment<TestCharge>`insert into test_processor_charges
        (key, idempotency_key, request_hash, customer_key, amount, unit, description, card, decline_code, created_at,
          state, outcome)
      values (${key}, ${idempotency_key}, ${request_hash}, ${customer_key}, ${amount}, ${unit}, ${description}, ${card},
        ${decline_code}, ${created_at}, ${state}, ${outcome})
      on conflict (idempotency_key) do nothing returning *`,
  );
  return inserted;
}

/**
 * Moves a charge to a state; false if there is no such charge or it was declined. A charge that waits for the payer
 * is approved by `done` and refused by `failed`.
 */
export async function decideTestCharge(tx: Tx, key: string, state: TestCharge['state']): Promise<boolean> {
  const row = await tx
    .updateTable('test_processor_charges')
    .set((eb) => ({
      state,
      disputes_count:
        state === 'disputed' || state === 'lost'
          ? sql<number>`disputes_count + case when state in ('disputed', 'lost') then 0 else 1 end`
          : eb.ref('disputes_count'),
      outcome: eb
        .case()
        .when(eb.and([eb('outcome', '=', 'action_required'), eb.val(state === 'failed')]))
        .then(eb.val<TestCharge['outcome']>('declined'))
        .else(eb.val<TestCharge['outcome']>('accepted'))
        .end(),
      decline_code: eb
        .case()
        .when(eb.and([eb('outcome', '=', 'action_required'), eb.val(state === 'failed')]))
        .then('authentication_failed')
        .else(null)
        .end(),
    }))
    .where('key', '=', key)
    .where('outcome', 'in', ['accepted', 'action_required'])
    .returning('key')
    .executeTakeFirst();
  return row !== undefined;
}

/** Ends a charge that waits for the payer; no effect on any other charge. */
export async function abandonTestCharge(tx: Tx, idempotency_key: string): Promise<void> {
  await tx
    .updateTable('test_processor_charges')
    .set({ state: 'failed', outcome: 'declined', decline_code: 'abandoned' })
    .where('idempotency_key', '=', idempotency_key)
    .where('outcome', '=', 'action_required')
    .execute();
}

/** Moves a pending refund of a charge to its end; false if none is pending. */
export async function decideTestRefund(tx: Tx, charge_key: string, state: 'succeeded' | 'failed'): Promise<boolean> {
  const row = await tx
    .updateTable('test_processor_refunds')
    .set({ state })
    .where('charge_key', '=', charge_key)
    .where('state', '=', 'pending')
    .returning('key')
    .executeTakeFirst();
  return row !== undefined;
}

export async function findTestCustomer(reader: Reader, key: string): Promise<TestCustomer | undefined> {
  return reader.selectFrom('test_processor_customers').selectAll().where('key', '=', key).executeTakeFirst();
}

export async function insertTestCustomer(tx: Tx, customer: Insertable<TestProcessorCustomersTable>): Promise<void> {
  await tx
    .insertInto('test_processor_customers')
    .values(customer)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

export async function deleteTestCustomer(tx: Tx, key: string): Promise<void> {
  await tx.deleteFrom('test_processor_customers').where('key', '=', key).execute();
}

export async function findTestRefund(reader: Reader, idempotency_key: string): Promise<TestRefund | undefined> {
  return reader
    .selectFrom('test_processor_refunds')
    .selectAll()
    .where('idempotency_key', '=', idempotency_key)
    .executeTakeFirst();
}

/** Finds the refunds of a charge, oldest first. */
export async function findTestRefunds(reader: Reader, charge_key: string): Promise<TestRefund[]> {
  return reader
    .selectFrom('test_processor_refunds')
    .selectAll()
    .where('charge_key', '=', charge_key)
    .orderBy('created_at')
    .orderBy('key')
    .execute();
}

export async function insertTestRefund(tx: Tx, refund: Insertable<TestProcessorRefundsTable>): Promise<void> {
  await tx
    .insertInto('test_processor_refunds')
    .values(refund)
    .onConflict((conflict) => conflict.column('idempotency_key').doNothing())
    .execute();
}

/** Sum of the refunds of a charge that did not fail. Units: 1/100 of the charge's unit. */
export async function sumTestRefunds(reader: Reader, charge_key: string): Promise<number> {
  const row = await reader
    .selectFrom('test_processor_refunds')
    .select((eb) => eb.fn.coalesce(eb.fn.sum<number>('amount'), eb.lit(0)).as('amount'))
    .where('charge_key', '=', charge_key)
    .where('state', '<>', 'failed')
    .executeTakeFirstOrThrow();
  return row.amount;
}

/** Returns the rows of the test processor, newest first, at most 100 of each kind. */
export async function findTestRows(
  reader: Reader,
): Promise<{ customers: TestCustomer[]; charges: TestCharge[]; refunds: TestRefund[] }> {
  const newest = 100;
  return {
    customers: await reader
      .selectFrom('test_processor_customers')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('key')
      .limit(newest)
      .execute(),
    charges: await reader
      .selectFrom('test_processor_charges')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('key')
      .limit(newest)
      .execute(),
    refunds: await reader
      .selectFrom('test_processor_refunds')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('key')
      .limit(newest)
      .execute(),
  };
}
