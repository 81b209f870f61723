import type { LedgerEventId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { findProfilesByIds } from '#profiles';
import { planCreditNotes, type RefundedAmount, type ReducedInvoice } from './document.ts';
import { findInvoicesOfEntries, issuedDocuments, type IssuedDocument } from './document-store.ts';

/**
 * Issues the credit notes of a refund in the transaction that posts its event, after every other statement: the
 * counters are the last lock of a transaction. Returns them with their numbers, one per invoice.
 * @see docs/decisions/0071-documents-with-gapless-numbers.md
 */
export async function issueCreditNotes(
  tx: Tx,
  refund: { ledger_event_id: LedgerEventId; at: Date },
  amounts: readonly RefundedAmount[],
): Promise<IssuedDocument[]> {
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
  const notes = planCreditNotes(refund, amounts, new Map(reduced));
  return (await runTogether(tx, issuedDocuments(notes))).issued_documents ?? [];
}
