import type { LedgerEventId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { findProfilesByIds } from '#profiles';
import { type InvoicedLine, planInvoices } from './document.ts';
import { issuedDocuments, type IssuedDocument } from './document-store.ts';

/** An order that is invoiced, by its first ledger event. */
export interface InvoicedOrder {
  payer_id: ProfileId;
  ledger_event_id: LedgerEventId;
  unit: string;
  /** Instant of the event. */
  at: Date;
  lines: readonly InvoicedLine[];
}

/**
 * Issues the invoices of orders in the transaction that posts their events, after every other statement: the counters
 * are the last lock of a transaction. One per order and provider, none for 0. Two statements for any number of orders.
 * @see docs/decisions/0071-documents-with-gapless-numbers.md
 */
export async function issueInvoices(tx: Tx, orders: readonly InvoicedOrder[]): Promise<IssuedDocument[]> {
  if (orders.length === 0) return [];
  const profiles = await findProfilesByIds(
    tx,
    orders.flatMap(({ payer_id, lines }) => [payer_id, ...lines.map(({ provider_id }) => provider_id)]),
  );
  const invoices = orders.flatMap(({ payer_id, lines, ...order }) => {
    const payer = profiles.get(payer_id);
    return payer ? planInvoices({ ...order, payer }, lines, profiles) : [];
  });
  return (await runTogether(tx, issuedDocuments(invoices))).issued_documents ?? [];
}
