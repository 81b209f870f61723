import type { LedgerEventId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { findProfilesByIds } from '#profiles';
import { type NewDocument, type NotedAmount, planCreditNotes, type ReducedInvoice } from './document.ts';
import { findInvoicesOfEntries, issuedDocuments, type IssuedDocument } from './document-store.ts';

/** An operation that gives back amounts of orders: its ledger event and its instant. */
export interface NotingEvent {
  ledger_event_id: LedgerEventId;
  at: Date;
}

/**
 * Issues the credit notes of an operation in the transaction that posts its event, after every other statement: the
 * counters are the last lock of a transaction. Returns them with their numbers, one per invoice.
 * @see docs/decisions/0071-documents-with-gapless-numbers.md
 */
export async function issueCreditNotes(
  tx: Tx,
  operation: NotingEvent,
  amounts: readonly NotedAmount[],
): Promise<IssuedDocument[]> {
  const notes = await planNotesOf(tx, operation, amounts);
  return (await runTogether(tx, issuedDocuments(notes))).issued_documents ?? [];
}

/**
 * Returns the credit notes of an operation for `issuedDocuments`, for a caller that issues invoices in the same
 * statement.
 */
export async function planNotesOf(
  tx: Tx,
  operation: NotingEvent,
  amounts: readonly NotedAmount[],
): Promise<NewDocument[]> {
  const invoices = await findInvoicesOfEntries(
    tx,
    amounts.map(({ invoiced_entry_id }) => invoiced_entry_id),
  );
  const providers = await findProfilesByIds(
    tx,
    [...invoices.values()].map(({ provider_id }) => provider_id),
  );
  const reduced = [...invoices].map(([entry_id, invoice]): [typeof entry_id, ReducedInvoice] => [
    entry_id,
    { ...invoice, timezone: providers.get(invoice.provider_id)?.default_timezone ?? 'UTC' },
  ]);
  return planCreditNotes(operation, amounts, new Map(reduced));
}
