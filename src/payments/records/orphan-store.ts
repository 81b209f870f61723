import type { Insertable, Updateable } from 'kysely';
import type { OrphanPaymentId, OrphanPaymentsTable } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Orphan } from './orphan.ts';

/**
 * Inserts an orphan, or returns the one of the same intent. An intent whose first charge failed can be paid by another
 * one, which takes the place of the failed one.
 */
export async function insertOrphan(tx: Tx, orphan: Insertable<OrphanPaymentsTable>): Promise<Orphan> {
  const { charge_key, amount, broker_fee_amount, unit, taken_at, due_at } = orphan;
  const paid = {
    charge_key,
    amount,
    broker_fee_amount,
    unit,
    taken_at,
    due_at,
    failures_count: 0,
    failed_refunds_count: 0,
  };
  await tx
    .insertInto('orphan_payments')
    .values(orphan)
    .onConflict((conflict) =>
      conflict
        .column('intent_key')
        .doUpdateSet(paid)
        .where('orphan_payments.state', '<>', 'refunded')
        .where('orphan_payments.charge_key', '<>', charge_key),
    )
    .execute();
  return tx
    .selectFrom('orphan_payments')
    .selectAll()
    .where('intent_key', '=', orphan.intent_key)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** Finds the orphan of an intent. Index: unique key. */
export async function findOrphanByIntent(reader: Reader, intent_key: string): Promise<Orphan | undefined> {
  return reader.selectFrom('orphan_payments').selectAll().where('intent_key', '=', intent_key).executeTakeFirst();
}

/** Finds the orphan of a charge. Index: unique key. */
export async function findOrphanByCharge(reader: Reader, charge_key: string): Promise<Orphan | undefined> {
  return reader.selectFrom('orphan_payments').selectAll().where('charge_key', '=', charge_key).executeTakeFirst();
}

/** Finds orphans that are due, by id. Index: orphan_payments_due. */
export async function findDueOrphans(
  reader: Reader,
  at: Date,
  { after, limit }: { after: OrphanPaymentId | null; limit: number },
): Promise<Orphan[]> {
  return reader
    .selectFrom('orphan_payments')
    .selectAll()
    .where('state', '<>', 'refunded')
    .where('due_at', '<=', at)
    .where('id', '>', after ?? (0 as OrphanPaymentId)) // ids start at 1
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Selects an orphan FOR UPDATE; undefined after an order claimed it. */
export async function lockOrphan(tx: Tx, id: OrphanPaymentId): Promise<Orphan | undefined> {
  return tx.selectFrom('orphan_payments').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
}

export async function updateOrphan(
  tx: Tx,
  id: OrphanPaymentId,
  change: Updateable<OrphanPaymentsTable>,
): Promise<void> {
  await tx.updateTable('orphan_payments').set(change).where('id', '=', id).execute();
}

export async function deleteOrphan(tx: Tx, id: OrphanPaymentId): Promise<void> {
  await tx.deleteFrom('orphan_payments').where('id', '=', id).execute();
}
