import { type RawBuilder, sql } from 'kysely';
import type { LedgerEntryId, OrderId, OrderLineId, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { anyOf, fragment, type Ids } from '#platform/db/fragment';
import { type Part, readRows, runTogether } from '#platform/db/together';

/** Order row as a credit note finds it. */
export interface NotedLine {
  id: OrderLineId;
  payer_id: ProfileId;
  provider_id: ProfileId;
  ledger_entry_id: LedgerEntryId;
  amount: number;
  unit: string;
  noted_amount: number;
  noted_due: number;
  description: string;
  subject_kind: string;
  subject_id: string;
  subject_part: string | null;
}

/** Selects the lines of settled orders FOR UPDATE in id order: a line is noted by one transaction at a time. */
export async function lockNotedLines(tx: Tx, ids: readonly OrderLineId[]): Promise<Map<OrderLineId, NotedLine>> {
  if (ids.length === 0) return new Map();
  const { rows } = await selectNoted(ids, sql`for update of line`).execute(tx);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Finds the lines of settled orders, without a lock. */
export async function findNotedLines(
  reader: Reader,
  ids: readonly OrderLineId[],
): Promise<Map<OrderLineId, NotedLine>> {
  if (ids.length === 0) return new Map();
  const { rows } = await selectNoted(ids, sql``).execute(reader);
  return new Map(rows.map((row) => [row.id, row]));
}

function selectNoted(ids: readonly OrderLineId[], lock: RawBuilder<unknown>) {
  return sql<NotedLine>`
    select line.id, orders.profile_id as payer_id, provider_id, ledger_entry_id, line.amount, line.unit, noted_amount,
      noted_due, description, subject_kind, subject_id, subject_part
    from order_lines line join orders on orders.id = line.order_id
    where line.id = any(${[...new Set(ids)]}::bigint[]) and orders.state = 'settled' and ledger_entry_id is not null
      and subject_kind is not null
    order by line.id ${lock}`;
}

/** Adds what credit notes took to their lines. */
export async function addNotes(
  tx: Tx,
  notes: readonly { id: OrderLineId; noted_amount: number; noted_due: number }[],
): Promise<void> {
  if (notes.length === 0) return;
  await sql`update order_lines line set noted_amount = line.noted_amount + note.noted_amount,
      noted_due = line.noted_due + note.noted_due
    from (
      select id, sum(noted_amount) as noted_amount, sum(noted_due) as noted_due
      from json_populate_recordset(null::order_lines, ${JSON.stringify(notes)}::json) group by id
    ) note where line.id = note.id`.execute(tx);
}

/** Runs `creditOfEntries`. */
export async function findCreditOfEntries(
  reader: Reader,
  ids: readonly LedgerEntryId[],
): Promise<Map<LedgerEntryId, { credit_used: number; noted_due: number }>> {
  if (ids.length === 0) return new Map();
  return (await runTogether(reader, { credit: creditOfEntries(ids) })).credit;
}

/**
 * Part that reads what credit and credit notes settled of orders in the ledger, by entry. A payment that came late has
 * a line of its own on the entry. Index: order_lines_ledger_entry_id.
 */
export function creditOfEntries(
  ids: Ids<LedgerEntryId>,
): Part<Map<LedgerEntryId, { credit_used: number; noted_due: number }>> {
  const query = fragment`
    select ledger_entry_id, sum(credit_used)::bigint as credit_used, sum(noted_due)::bigint as noted_due
    from order_lines line join orders on orders.id = line.order_id
    where ledger_entry_id = ${anyOf(ids)} and orders.state = 'settled'
    group by ledger_entry_id`;
  return {
    query,
    read: (rows) =>
      new Map(
        readRows<{ ledger_entry_id: LedgerEntryId; credit_used: number; noted_due: number }>(rows, []).map(
          ({ ledger_entry_id, ...sums }) => [ledger_entry_id, sums],
        ),
      ),
  };
}

/** Changes what credit pays of the lines of an order. Index: order_lines_order_id_rank_key. */
export async function updateCreditUsed(
  tx: Tx,
  order_id: OrderId,
  lines: readonly { rank: number; credit_used: number }[],
): Promise<void> {
  const changed = lines.map(({ rank, credit_used }) => ({ rank, credit_used }));
  await sql`update order_lines line set credit_used = given.credit_used
    from json_populate_recordset(null::order_lines, ${JSON.stringify(changed)}::json) given
    where line.order_id = ${order_id} and line.rank = given.rank`.execute(tx);
}

/** Finds the order lines that credit paid in part or whole, by the entry of the order; late payments have their own. */
export async function findLinesWithCredit(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Map<LedgerEntryId, OrderLineId[]>> {
  if (entry_ids.length === 0) return new Map();
  // Index: order_lines_ledger_entry_id.
  const rows = await reader
    .selectFrom('order_lines')
    .select(['id', 'ledger_entry_id'])
    .where('ledger_entry_id', 'in', [...new Set(entry_ids)])
    .where('credit_used', '>', 0)
    .orderBy('id')
    .$narrowType<{ ledger_entry_id: LedgerEntryId }>()
    .execute();
  const byEntry = Map.groupBy(rows, ({ ledger_entry_id }) => ledger_entry_id);
  return new Map([...byEntry].map(([id, own]) => [id, own.map((row) => row.id)]));
}

/** An order line that is the source of a lot. */
export type SourceLine = Pick<NotedLine, 'id' | 'ledger_entry_id' | 'payer_id'>;

/** Finds lines that are sources of lots. */
export async function findSourceLines(
  reader: Reader,
  ids: readonly OrderLineId[],
): Promise<Map<OrderLineId, SourceLine>> {
  return findNotedLines(reader, ids);
}
