import { type Insertable, sql } from 'kysely';
import type {
  ChargeAttemptId,
  ChargeId,
  ChargeItemsTable,
  ChargesTable,
  LedgerEntryId,
  ProfileId,
} from '#platform/db/db-schema';
import { pointRead } from '#platform/db/built-once';
import type { Reader, Tx } from '#platform/db/database';
import { fragment, nameFragment } from '#platform/db/fragment';
import { insertion } from '#platform/db/insertion';
import { type Part, readRows } from '#platform/db/together';
import type { DeclineKind } from '../processors/index.ts';
import type { Charge, ChargeItem, ChargeState } from './charge.ts';

const charge_columns = [
  'claim_code',
  'charge_attempt_id',
  'profile_id',
  'created_by',
  'amount',
  'unit',
  'description',
  'last4',
  'exp_date',
  'card_name',
  'processor',
  'account',
  'processor_key',
  'state',
  'created_at',
  'settled_at',
] as const;

export type NewCharge = Pick<Insertable<ChargesTable>, (typeof charge_columns)[number]>;

/**
 * Part that inserts the charge of the attempt that the part `attempt` closed; undefined if it closed none, because the
 * attempt has a charge.
 */
export function insertedCharge(charge: NewCharge, attempt: string): Part<Charge | undefined> {
  return {
    query: fragment`${insertion('charges', charge_columns, [charge])}
      where exists (select from ${nameFragment(attempt)}) returning *`,
    read: (rows) => readRows<Charge>(rows, ['created_at', 'settled_at'])[0],
  };
}

const item_columns = [
  'charge_id',
  'rank',
  'invoiced_entry_id',
  'provider_id',
  'amount',
  'credit_amount',
  'broker_fee_percent',
  'fee_entry_id',
  'broker_fee_entry_id',
  'distribute_entry_id',
  'event_label',
  'title',
] as const;

export type NewChargeItemRow = Pick<Insertable<ChargeItemsTable>, (typeof item_columns)[number]>;

/** Part that inserts the lines of a charge. */
export function insertedChargeItems(items: readonly NewChargeItemRow[]): Part<void> {
  return { query: insertion('charge_items', item_columns, items), read: null };
}

export async function findChargeById(reader: Reader, id: ChargeId): Promise<Charge | undefined> {
  return reader.selectFrom('charges').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function lockCharge(tx: Tx, id: ChargeId): Promise<Charge> {
  return tx.selectFrom('charges').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow();
}

const chargeByKey = pointRead((reader, processor_key: string) =>
  reader.selectFrom('charges').selectAll().where('processor_key', '=', processor_key),
);

/** Finds a charge by the processor's key, which is also its public handle. */
export async function findCharge(reader: Reader, processor_key: string): Promise<Charge | undefined> {
  const [charge] = await chargeByKey(reader, processor_key);
  return charge;
}

export async function findChargeOfAttempt(reader: Reader, attempt_id: ChargeAttemptId): Promise<Charge | undefined> {
  return reader.selectFrom('charges').selectAll().where('charge_attempt_id', '=', attempt_id).executeTakeFirst();
}

/** Returns the lines of a charge, by rank. */
export async function findChargeItems(reader: Reader, charge_id: ChargeId): Promise<ChargeItem[]> {
  return reader.selectFrom('charge_items').selectAll().where('charge_id', '=', charge_id).orderBy('rank').execute();
}

/** Moves a charge from one state to the next; undefined if it is no longer in the first. */
export async function updateChargeState(
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

/** Stores the entries that settled the lines of a charge, in one statement. */
export async function updateChargeItemLinks(
  tx: Tx,
  charge_id: ChargeId,
  links: readonly Pick<ChargeItem, 'rank' | 'fee_entry_id' | 'broker_fee_entry_id' | 'distribute_entry_id'>[],
): Promise<void> {
  // Index: charge_items_charge_id_rank_key.
  await sql`update charge_items item set fee_entry_id = link.fee_entry_id,
      broker_fee_entry_id = link.broker_fee_entry_id, distribute_entry_id = link.distribute_entry_id
    from json_populate_recordset(null::charge_items, ${JSON.stringify(links)}::json) link
    where item.charge_id = ${charge_id} and item.rank = link.rank`.execute(tx);
}

/** True if the payer disputes a payment of one of the attempts. */
export async function hasDisputedCharge(reader: Reader, attempt_ids: readonly ChargeAttemptId[]): Promise<boolean> {
  if (attempt_ids.length === 0) return false;
  const row = await reader
    .selectFrom('charges')
    .select('id')
    .where('charge_attempt_id', 'in', attempt_ids)
    .where('state', '=', 'disputed')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Returns the charge that pays or will pay each of these orders. Orders without a charge, or with a failed one, are
 * absent.
 */
export async function findCoveringCharges(
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

/** Selects the charges of these orders FOR UPDATE in id order; serializes with refunds of them. */
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

/** Returns charges that the processor has not decided, oldest first, with an id above `after`. */
export async function findUnsettledCharges(reader: Reader, after: ChargeId | null, limit: number): Promise<Charge[]> {
  // Index: charges_unsettled, which holds undecided charges only.
  return reader
    .selectFrom('charges')
    .selectAll()
    .where('state', '=', 'created')
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Returns charges whose dispute the processor has not decided, by id, with an id above `after`. */
export async function findDisputedCharges(reader: Reader, after: ChargeId | null, limit: number): Promise<Charge[]> {
  // Index: charges_state.
  return reader
    .selectFrom('charges')
    .selectAll()
    .where('state', '=', 'disputed')
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Returns the newest decided charges since an instant, inclusive. */
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

/** How an attempt ended, as far as it is known. */
export interface AttemptResult {
  id: ChargeAttemptId;
  state: 'reserved' | 'awaiting_action' | 'settled' | 'declined' | 'failed';
  decline_code: string | null;
  decline_kind: DeclineKind | null;
  charge_state: ChargeState | null;
}

/** Finds how attempts ended, in one statement. Indexes: primary key, charges_charge_attempt_id_key. */
export async function findAttemptResults(
  reader: Reader,
  ids: readonly ChargeAttemptId[],
): Promise<Map<ChargeAttemptId, AttemptResult>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('charge_attempts')
    .leftJoin('charges', 'charges.charge_attempt_id', 'charge_attempts.id')
    .select([
      'charge_attempts.id',
      'charge_attempts.state',
      'decline_code',
      'decline_kind',
      'charges.state as charge_state',
    ])
    .where('charge_attempts.id', '=', sql<ChargeAttemptId>`any(${[...ids]}::bigint[])`)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Finds those of the customers with a disputed charge that has a line of the provider, as `customer provider`. Index:
 * charges_disputed.
 */
export async function findDisputingPlaces(
  reader: Reader,
  profile_ids: readonly ProfileId[],
): Promise<{ profile_id: ProfileId; provider_id: ProfileId }[]> {
  if (profile_ids.length === 0) return [];
  return reader
    .selectFrom('charges')
    .innerJoin('charge_items', 'charge_items.charge_id', 'charges.id')
    .select(['charges.profile_id', 'charge_items.provider_id'])
    .distinct()
    .where('charges.profile_id', 'in', [...profile_ids])
    .where('charges.state', '=', 'disputed')
    .execute();
}
