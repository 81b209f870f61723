import assert from 'node:assert/strict';
import { type DocumentParts, findEntries, issuedDocuments, type IssuedDocument, planInvoices } from '#ledger';
import type { LedgerEntryId, LedgerEventId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { type Part, runTogether } from '#platform/db/together';
import { findProfilesByIds, type Profile } from '#profiles';
import { type NewCoverage, openedCoverages, type Order } from '../records/index.ts';
import type { BookedLine } from './book-lines.ts';

/**
 * Opens the coverages of an order and issues its invoices, for a verb that posts the first ledger event of an order:
 * its settlement, or its placing when it is paid later. Returns the invoices with their numbers, one per provider;
 * none for providers whose lines are all 0.
 *
 * To call it: in the transaction that posts `orderEvent(order, booked)`, after every other statement, because the
 * counters of the invoices are the last lock of a transaction. `entry_ids` are the entries of that event, one per line
 * in the order of `booked`. A payment of the order that comes later issues nothing and must not call it.
 * Locks: the counters of the invoices, by provider.
 */
export async function issueOrderDocuments(
  tx: Tx,
  order: Order,
  booked: readonly BookedLine[],
  entry_ids: readonly LedgerEntryId[],
): Promise<IssuedDocument[]> {
  const posted = booked.flatMap(({ line }, index) => (line.ledger_entry_id === null ? (entry_ids[index] ?? []) : []));
  const [entry] = (await findEntries(tx, posted)).values();
  const parties = await findProfilesByIds(tx, [order.profile_id, ...booked.map(({ line }) => line.provider_id)]);
  const event_id = entry?.ledger_event_id ?? null;
  const { issued_documents } = await runTogether(tx, documentParts(order, booked, { entry_ids, event_id, parties }));
  return issued_documents ?? [];
}

/** As `issueOrderDocuments`, as parts of the last statement. `parties` are the payer and the providers. */
export function documentParts(
  order: Order,
  booked: readonly BookedLine[],
  {
    entry_ids,
    event_id,
    parties,
  }: {
    entry_ids: readonly LedgerEntryId[];
    /** Null if all lines were posted before. */
    event_id: LedgerEventId | null;
    parties: ReadonlyMap<ProfileId, Profile>;
  },
): DocumentParts & { coverages: Part<void> | null } {
  return { coverages: openedCoverages(coveragesOf(booked)), ...invoiceParts() };

  function invoiceParts(): DocumentParts {
    if (event_id === null) return issuedDocuments([]);
    const payer = parties.get(order.profile_id);
    assert(payer, 'an order has a payer');
    const lines = booked.flatMap(({ line, description, covers_from, covers_to }, index) => {
      const ledger_entry_id = entry_ids[index];
      const { provider_id, kind, full_amount, amount } = line;
      if (ledger_entry_id === undefined || kind === 'balance' || line.ledger_entry_id !== null) return [];
      return { provider_id, kind, ledger_entry_id, description, full_amount, amount, covers_from, covers_to };
    });
    const facts = { payer, ledger_event_id: event_id, unit: order.unit, at: order.created_at };
    return issuedDocuments(planInvoices(facts, lines, parties));
  }
}

/** Returns the first coverage of each line of a subscription. A seat is covered from its claim on. */
function coveragesOf(booked: readonly BookedLine[]): NewCoverage[] {
  return booked.flatMap(({ line, subscription_id, anchor_at, covers_from, covers_to }) => {
    const isCovered = line.kind === 'period' && line.claim_email === null;
    if (!isCovered || subscription_id === null || anchor_at === null || !covers_from || !covers_to) return [];
    return {
      order_line_id: line.id,
      subscription_id,
      amount: line.amount,
      quantity: Math.max(1, line.quantity),
      anchor_at,
      starts_at: covers_from,
      ends_at: covers_to,
    };
  });
}
