import type { LedgerEntryId, OrderLineId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';

/** Facts of an unpaid order: the kind of its line, and true if a link was sent to pay it. */
export interface OrderKind {
  entry_id: LedgerEntryId;
  order_line_id: OrderLineId;
  kind: string;
  has_link: boolean;
  /** Beginning of the period that a renewal or the conversion of a trial orders. */
  renews_from: Date | null;
}

/**
 * Finds the kinds of the lines that ordered ledger entries; entries without an order, such as uses, are absent.
 * Indexes: order_lines_ledger_entry_id, payment_links_order_id_key.
 */
export async function findOrderKinds(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Map<LedgerEntryId, OrderKind>> {
  if (entry_ids.length === 0) return new Map();
  const rows = await executeFragment(
    reader,
    fragment<OrderKind>`select distinct on (line.ledger_entry_id) line.ledger_entry_id as entry_id,
      line.id as order_line_id, line.kind, line.renews_from,
      link.id is not null as has_link
    from order_lines line left join payment_links link on link.order_id = line.order_id
    where line.ledger_entry_id = any(${[...entry_ids]}::bigint[]) and line.kind <> 'balance'
    order by line.ledger_entry_id, line.id`,
  );
  return new Map(rows.map((row) => [row.entry_id, row]));
}
