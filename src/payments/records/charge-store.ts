import type { Insertable } from 'kysely';
import type {
  ChargeAttemptId,
  ChargeId,
  ChargeItemId,
  ChargeItemsTable,
  ChargesTable,
  LedgerEntryId,
  ProfileId,
} from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Charge, ChargeItem, ChargeState } from './charge.ts';

export async function insertCharge(tx: Tx, charge: Insertable<ChargesTable>): Promise<Charge> {
  return tx.insertInto('charges').values(charge).returningAll().executeTakeFirstOrThrow();
}

export async function insertChargeItems(tx: Tx, items: Insertable<ChargeItemsTable>[]): Promise<void> {
  await tx.insertInto('charge_items').values(items).execute();
}

export async function findChargeById(reader: Reader, id: ChargeId): Promise<Charge | undefined> {
  return reader.selectFrom('charges').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function lockCharge(tx: Tx, id: ChargeId): Promise<Charge> {
  return tx.selectFrom('charges').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow();
}

/** Finds a charge by the key that the processor gave it, which is also its public handle. */
export async function findCharge(reader: Reader, processor_key: string): Promise<Charge | undefined> {
  return reader.selectFrom('charges').selectAll().where('processor_key', '=', processor_key).executeTakeFirst();
}

export async function findChargeOfAttempt(reader: Reader, attempt_id: ChargeAttemptId): Promise<Charge | undefined> {
  return reader.selectFrom('charges').selectAll().where('charge_attempt_id', '=', attempt_id).executeTakeFirst();
}

/** The lines of a charge, in their order. */
export async function findChargeItems(reader: Reader, charge_id: ChargeId): Promise<ChargeItem[]> {
  return reader.selectFrom('charge_items').selectAll().where('charge_id', '=', charge_id).orderBy('rank').execute();
}

/** Moves a charge from one state to the next; undefined when somebody else moved it first. */
export async function moveCharge(
  tx: Tx,
  id: ChargeId,
  move: { from: ChargeState; to: ChargeState; at: Date },
): Promise<Charge | undefined> {
  return tx
    .updateTable('charges')
    .set({ state: move.to, ...(move.from === 'created' ? { settled_at: move.at } : {}) })
    .where('id', '=', id)
    .where('state', '=', move.from)
    .returningAll()
    .executeTakeFirst();
}

/** Ties a line to the entries that settled it. */
export async function linkChargeItem(
  tx: Tx,
  id: ChargeItemId,
  links: Pick<ChargeItem, 'fee_entry_id' | 'broker_fee_entry_id' | 'distribute_entry_id'>,
): Promise<void> {
  await tx.updateTable('charge_items').set(links).where('id', '=', id).execute();
}

/** The oldest charge of a customer that the processor accepted and has not decided. */
export async function unresolvedChargeOf(reader: Reader, profile_id: ProfileId): Promise<Charge | undefined> {
  return reader
    .selectFrom('charges')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .where('state', '=', 'created')
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/** Says whether the processor accepted one of these attempts and has not decided. */
export async function isAnyUnresolved(reader: Reader, attempt_ids: readonly ChargeAttemptId[]): Promise<boolean> {
  if (attempt_ids.length === 0) return false;
  const row = await reader
    .selectFrom('charges')
    .select('id')
    .where('charge_attempt_id', 'in', attempt_ids)
    .where('state', '=', 'created')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The charge that pays for each of these orders, or is about to; orders that no charge covers, or a failed one, are left out. */
export async function chargesCovering(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Map<LedgerEntryId, Charge>> {
  if (entry_ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('charge_items')
    .innerJoin('charges', 'charges.id', 'charge_items.charge_id')
    .selectAll('charges')
    .select('charge_items.invoiced_entry_id')
    .where('charge_items.invoiced_entry_id', 'in', entry_ids)
    .where('charges.state', '<>', 'failed')
    .orderBy('charges.id')
    .execute();
  return new Map(rows.map(({ invoiced_entry_id, ...charge }) => [invoiced_entry_id, charge]));
}

/** Selects the charges that invoice entries FOR UPDATE in id order: refunds of them wait, or are seen. */
export async function lockChargesOf(tx: Tx, entry_ids: readonly LedgerEntryId[]): Promise<void> {
  if (entry_ids.length === 0) return;
  await tx
    .selectFrom('charges')
    .select('id')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('charge_items')
        .select('charge_id')
        .where('invoiced_entry_id', 'in', [...entry_ids]),
    )
    .orderBy('id')
    .forUpdate()
    .execute();
}

/** Charges that the processor has not decided, oldest first, after the one with id `after`. */
export async function listUnsettledCharges(reader: Reader, after: ChargeId | null, limit: number): Promise<Charge[]> {
  // Index: charges_unsettled, small by nature.
  return reader
    .selectFrom('charges')
    .selectAll()
    .where('state', '=', 'created')
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** The newest charges since an instant about which the processor has decided. */
export async function findDecidedCharges(reader: Reader, since: Date, limit: number): Promise<Charge[]> {
  // Index: charges_created_at.
  return reader
    .selectFrom('charges')
    .selectAll()
    .where('created_at', '>=', since)
    .where('state', '<>', 'created')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
