import { sql } from 'kysely';
import type { DocumentId, LedgerEntryId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { isNotImported } from '../balance-store.ts';

/** An invoiced order on the subject of a balance that was paid as a whole. Units: 1/100. */
export interface MarkerOrder {
  /** Entry of the payment (`settled → settled`). */
  marker_id: LedgerEntryId;
  /** Entry of the order. */
  entry_id: LedgerEntryId;
  amount: number;
  invoice_id: DocumentId;
  /** Amount of the invoice less its credit notes. */
  invoice_rest: number;
}

/**
 * Finds the invoiced orders that payments of whole balances may have paid, by payment, newest first: those on its
 * subject until its instant, of all payers. Entries of orders have none.
 *
 * Locks: the invoices, so that two refunds cannot reduce one invoice by more than its amount.
 */
export async function lockMarkerOrders(tx: Tx, entry_ids: readonly LedgerEntryId[]): Promise<MarkerOrder[]> {
  if (entry_ids.length === 0) return [];
  // Indexes: primary keys, ledger_entries_subject, document_lines_ledger_entry_id.
  const found = sql`ledger_entries marker join ledger_entries entry
      on (entry.subject_kind, entry.subject_id) = (marker.subject_kind, marker.subject_id)
      and entry.subject_part is not distinct from marker.subject_part and entry.dest_unit = marker.dest_unit
      and entry.orig_profile_id = marker.orig_profile_id and entry.created_at <= marker.created_at
      and entry.orig_account = 'Receivable' and entry.dest_account = 'Payable' and entry.dest_amount > 0
    join document_lines line on line.ledger_entry_id = entry.id
    join documents invoice on invoice.id = line.document_id and invoice.series = 'invoice'
    where marker.id = any(${[...new Set(entry_ids)]}::bigint[]) and marker.orig_account = 'settled' and ${isNotImported}`;
  await sql`select from documents where id in (select invoice.id from ${found}) order by id for update`.execute(tx);
  const { rows } = await sql<MarkerOrder>`
    select marker.id as marker_id, entry.id as entry_id, line.amount, invoice.id as invoice_id,
      invoice.amount - coalesce((select sum(amount) from documents note where note.invoice_id = invoice.id), 0)::bigint
        as invoice_rest
    from ${found} order by marker.id, entry.created_at desc, entry.id desc`.execute(tx);
  return rows;
}
