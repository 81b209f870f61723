import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type {
  CreditId,
  CreditUseId,
  LedgerEventId,
  OrderId,
  OrderLineId,
  ProfileId,
  RefundId,
} from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment, type Fragment } from '#platform/db/fragment';
import { type Part, readRows, runTogether } from '#platform/db/together';
import type { CreditUse, Lot, OpenLot, PlannedUse } from './lot.ts';

const open_columns = fragment`id, provider_id, unit, balance, is_refundable, created_at`;

/**
 * Part that reads the lots of a holder from which something is left, FOR UPDATE in id order. It belongs to a statement
 * that follows the lock of the holder's profile. Index: credits_open.
 */
export function openLotsLock(holder_id: ProfileId): Part<OpenLot[]> {
  return {
    query: fragment`select ${open_columns} from credits where profile_id = ${holder_id} and balance > 0
      order by id for update`,
    read: (rows) => readRows<OpenLot>(rows, ['created_at']),
  };
}

/** Finds the lots of a holder from which something is left, without a lock. Index: credits_open. */
export async function findOpenLots(reader: Reader, holder_id: ProfileId): Promise<OpenLot[]> {
  return reader
    .selectFrom('credits')
    .select(['id', 'provider_id', 'unit', 'balance', 'is_refundable', 'created_at'])
    .where('profile_id', '=', holder_id)
    .where('balance', '>', 0)
    .orderBy('id')
    .execute();
}

/** Locks and returns the lots of a holder from which something is left. The caller has locked the holder's profile. */
export async function lockOpenLots(tx: Tx, holder_id: ProfileId): Promise<OpenLot[]> {
  return executeFragment(tx, openLotsLock(holder_id).query as Fragment<OpenLot>);
}

/**
 * Parts that hold credit for the lines of an order that the part `new_lines` of the same statement inserts: the lots
 * get less, the uses are `held`. Null without uses.
 */
export function heldCredit(uses: readonly PlannedUse[], at: Date) {
  if (uses.length === 0) return { held_lots: null, held_uses: null };
  const rows = fragment`rows from (json_to_recordset(${JSON.stringify(uses)}::json)
    as (credit_id bigint, rank integer, amount bigint)) with ordinality as given`;
  return {
    held_lots: {
      query: fragment`update credits set balance = balance - held.amount
        from (select credit_id, sum(amount) as amount from ${rows} group by credit_id) held
        where credits.id = held.credit_id`,
      read: null,
    },
    held_uses: {
      query: fragment`insert into credit_uses (credit_id, order_line_id, amount, kind, state, created_at)
        select given.credit_id, line.id, given.amount, 'order', 'held', ${at}
        from ${rows} join new_lines line on line.rank = given.rank order by ordinality`,
      read: null,
    },
  } as const;
}

/** Holds credit for the lines of an order that was inserted before. */
export async function holdCredit(tx: Tx, order_id: OrderId, uses: readonly PlannedUse[], at: Date): Promise<void> {
  if (uses.length === 0) return;
  await runTogether(tx, {
    new_lines: { query: fragment`select id, rank from order_lines where order_id = ${order_id}`, read: null },
    ...heldCredit(uses, at),
  });
}

/** A use of a lot by a line of an order. */
export type OrderUse = Pick<CreditUse, 'id' | 'credit_id' | 'amount' | 'state'> & { rank: number };

/** Finds the uses of lots by the lines of an order, without returned ones, by line and in the order of use. */
export async function findOrderUses(reader: Reader, order_id: OrderId): Promise<OrderUse[]> {
  // Indexes: order_lines_order_id_rank_key, credit_uses_order_line_id.
  return reader
    .selectFrom('credit_uses as use')
    .innerJoin('order_lines as line', 'line.id', 'use.order_line_id')
    .select(['use.id', 'use.credit_id', 'use.amount', 'use.state', 'line.rank'])
    .where('line.order_id', '=', order_id)
    .where('use.state', '<>', 'returned')
    .orderBy('line.rank')
    .orderBy('use.id')
    .execute();
}

/** Returns what the lines of an order hold to their lots. No effect on credit that the order has used. */
export async function returnHeldCredit(tx: Tx, order_id: OrderId): Promise<void> {
  // Indexes: order_lines_order_id_rank_key, credit_uses_order_line_id.
  await sql`with returned as (
      update credit_uses use set state = 'returned' from order_lines line
      where line.id = use.order_line_id and line.order_id = ${order_id} and use.state = 'held'
      returning use.credit_id, use.amount
    )
    update credits set balance = balance + sums.amount
    from (select credit_id, sum(amount) as amount from returned group by credit_id) sums
    where credits.id = sums.credit_id`.execute(tx);
}

/** Part that marks the held uses of an order as used by its ledger event. */
export function usedCredit(order_id: OrderId, event_id: LedgerEventId): Part<void> {
  return {
    query: fragment`update credit_uses use set state = 'used', ledger_event_id = ${event_id} from order_lines line
      where line.id = use.order_line_id and line.order_id = ${order_id} and use.state = 'held'`,
    read: null,
  };
}

/** Takes numbers of new lots. They are the ids, because ledger entries name them before the lots are inserted. */
export async function takeLotNumbers(tx: Tx, count: number): Promise<CreditId[]> {
  if (count === 0) return [];
  const { rows } = await sql<{ id: CreditId }>`
    select nextval(pg_get_serial_sequence('credits', 'id')) as id from generate_series(1, ${count})`.execute(tx);
  return rows.map(({ id }) => Number(id) as CreditId).toSorted((a, b) => a - b);
}

/** A lot before its ledger event is posted. */
export type NewLot = Omit<Lot, 'ledger_event_id'>;

/** Inserts lots of a posted ledger event. `balance`: what the same transaction has not used. */
export async function insertLots(tx: Tx, ledger_event_id: LedgerEventId, lots: readonly NewLot[]): Promise<void> {
  if (lots.length === 0) return;
  const rows = lots.map((lot) => ({ ...lot, ledger_event_id }));
  await sql`insert into credits (id, profile_id, provider_id, unit, amount, balance, is_refundable, source_line_id,
      description, ledger_event_id, created_by, created_at, returned_use_id) overriding system value
    select id, profile_id, provider_id, unit, amount, balance, is_refundable, source_line_id, description,
      ledger_event_id, created_by, created_at, returned_use_id
    from json_populate_recordset(null::credits, ${JSON.stringify(rows)}::json)`.execute(tx);
}

/** Inserts uses of lots that were inserted before in the same transaction, in state `used`. Lots are not changed. */
export async function insertUses(
  tx: Tx,
  ledger_event_id: LedgerEventId,
  uses: readonly { credit_id: CreditId; order_line_id: OrderLineId; amount: number }[],
  at: Date,
): Promise<void> {
  if (uses.length === 0) return;
  await tx
    .insertInto('credit_uses')
    .values(uses.map((use) => ({ ...use, kind: 'order', state: 'used', ledger_event_id, created_at: at })))
    .execute();
}

/** Selects a lot FOR UPDATE. */
export async function lockLot(tx: Tx, id: CreditId): Promise<Lot | undefined> {
  return tx.selectFrom('credits').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
}

/** Finds a lot of a holder by its number. */
export async function findLot(reader: Reader, holder_id: ProfileId, id: CreditId): Promise<Lot | undefined> {
  return reader
    .selectFrom('credits')
    .selectAll()
    .where('id', '=', id)
    .where('profile_id', '=', holder_id)
    .executeTakeFirst();
}

/** A use of a lot by an order row, with the lot and what refunds returned of it. */
export interface UseOfLine {
  use_id: CreditUseId;
  order_line_id: OrderLineId;
  amount: number;
  returned: number;
  lot: Pick<Lot, 'id' | 'provider_id' | 'profile_id' | 'unit' | 'is_refundable' | 'source_line_id'>;
}

/** Finds the uses of lots by order lines, in the order of use. */
export async function findUsesOfLines(reader: Reader, line_ids: readonly OrderLineId[]): Promise<UseOfLine[]> {
  if (line_ids.length === 0) return [];
  // Indexes: credit_uses_order_line_id, credits_returned_use_id.
  const { rows } = await sql<UseOfLine>`
    select use.id as use_id, use.order_line_id, use.amount,
      coalesce((select sum(amount) from credits returned where returned.returned_use_id = use.id), 0)::bigint as returned,
      json_build_object('id', lot.id, 'provider_id', lot.provider_id, 'profile_id', lot.profile_id, 'unit', lot.unit,
        'is_refundable', lot.is_refundable, 'source_line_id', lot.source_line_id) as lot
    from credit_uses use join credits lot on lot.id = use.credit_id
    where use.order_line_id = any(${[...new Set(line_ids)]}::bigint[]) and use.state = 'used'
    order by use.id`.execute(reader);
  return rows;
}

/** Holds parts of a lot for the refunds that pay them out. The caller has locked the lot. */
export async function holdPayout(
  tx: Tx,
  credit_id: CreditId,
  refunds: readonly { refund_id: RefundId; amount: number }[],
  at: Date,
): Promise<void> {
  const amount = refunds.reduce((sum, each) => sum + each.amount, 0);
  await sql`update credits set balance = balance - ${amount} where id = ${credit_id}`.execute(tx);
  await tx
    .insertInto('credit_uses')
    .values(refunds.map((each) => ({ ...each, credit_id, kind: 'payout', state: 'held', created_at: at })))
    .execute();
}

/** Finds what a refund pays out of lots. Index: credit_uses_refund_id. */
export async function findPayoutUses(
  reader: Reader,
  refund_id: RefundId,
): Promise<{ credit_id: CreditId; amount: number; provider_id: ProfileId; unit: string }[]> {
  return reader
    .selectFrom('credit_uses as use')
    .innerJoin('credits', 'credits.id', 'use.credit_id')
    .select(['use.credit_id', 'use.amount', 'credits.provider_id', 'credits.unit'])
    .where('use.refund_id', '=', refund_id)
    .orderBy('use.id')
    .execute();
}

/**
 * Marks what a refund pays out as used by its ledger event. A refund that had failed was made after all: what it had
 * returned to the lot is taken again.
 */
export async function settlePayout(tx: Tx, refund_id: RefundId, ledger_event_id: LedgerEventId): Promise<void> {
  await sql`with settled as (
      update credit_uses use set state = 'used', ledger_event_id = ${ledger_event_id}
      from (select id, state from credit_uses where refund_id = ${refund_id} for update) old
      where use.id = old.id and use.state <> 'used' returning use.credit_id, use.amount, old.state
    )
    update credits set balance = greatest(0, balance - settled.amount) from settled
    where credits.id = settled.credit_id and settled.state = 'returned'`.execute(tx);
}

/** Returns what a refused refund was to pay out to its lot. */
export async function releasePayout(tx: Tx, refund_id: RefundId): Promise<void> {
  await sql`with returned as (
      update credit_uses set state = 'returned' where refund_id = ${refund_id} and state = 'held'
      returning credit_id, amount
    )
    update credits set balance = balance + returned.amount from returned where credits.id = returned.credit_id`.execute(
    tx,
  );
}

/** Takes the number of the next lot, in the order of the numbers. */
export function nextNumber(numbers: CreditId[]): CreditId {
  const number = numbers.shift();
  assert(number !== undefined, 'each lot has a number');
  return number;
}
