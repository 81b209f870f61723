import assert from 'node:assert/strict';
import { type DocumentParts, issuedDocuments, type NewDocument, planInvoices } from '#ledger';
import type { LedgerEntryId, LedgerEventId, ProfileId } from '#platform/db/db-schema';
import type { Part } from '#platform/db/together';
import type { Profile } from '#profiles';
import { type NewCoverage, openedCoverages, type Order } from '../records/index.ts';
import type { BookedLine } from './book-lines.ts';

/**
 * Returns the parts that open the coverages of an order and issue its invoices: one per provider, none for a provider
 * whose lines are all 0. `parties` are the payer and the providers.
 *
 * They belong to the last statement of the transaction that posts the first ledger event of the order, which is its
 * settlement, or its placing when it is paid later: the counters of the invoices are the last lock. A payment that
 * comes later issues nothing, because its lines have entries (`line.ledger_entry_id`).
 * Locks: the counters of the invoices, by provider.
 */
export function documentParts(
  order: Order,
  booked: readonly BookedLine[],
  {
    entry_ids,
    event_id,
    has_orders = event_id !== null,
    parties,
    notes = [],
    anchorOf = ({ anchor_at }) => anchor_at,
  }: {
    entry_ids: readonly LedgerEntryId[];
    /** Null if nothing was posted. */
    event_id: LedgerEventId | null;
    /** False if all lines were posted before; true when omitted. */
    has_orders?: boolean;
    parties: ReadonlyMap<ProfileId, Profile>;
    /** Credit notes of the operation that the order is part of; none when omitted. */
    notes?: readonly NewDocument[];
    /** Anchor of the subscription of a line; that of the line when omitted. */
    anchorOf?: (line: BookedLine) => Date | null;
  },
): DocumentParts & { coverages: Part<void> | null } {
  return { coverages: openedCoverages(coveragesOf(order, booked, anchorOf)), ...invoiceParts() };

  function invoiceParts(): DocumentParts {
    if (event_id === null || !has_orders) return issuedDocuments(notes);
    const payer = parties.get(order.profile_id);
    assert(payer, 'an order has a payer');
    const lines = booked.flatMap(({ line, description, covers_from, covers_to }, index) => {
      const ledger_entry_id = entry_ids[index];
      const { provider_id, kind, full_amount, amount } = line;
      const isInvoiced = kind !== 'balance' && kind !== 'trial' && line.ledger_entry_id === null;
      if (ledger_entry_id === undefined || !isInvoiced) return [];
      return { provider_id, kind, ledger_entry_id, description, full_amount, amount, covers_from, covers_to };
    });
    const facts = { payer, ledger_event_id: event_id, unit: order.unit, at: order.created_at };
    return issuedDocuments([...notes, ...planInvoices(facts, lines, parties)]);
  }
}

/**
 * Returns the first coverage of each line of a subscription. A setup fee is earned at the order, uses bought in advance
 * in its month. A seat is covered from its claim on.
 */
function coveragesOf(
  { created_at }: Order,
  booked: readonly BookedLine[],
  anchorOf: (line: BookedLine) => Date | null,
): NewCoverage[] {
  return booked.flatMap((each) => {
    const { subscription_id, covers_from, covers_to } = each;
    const { id, kind, amount, quantity, claim_email, ledger_entry_id } = each.line;
    const anchor_at = anchorOf(each);
    if (claim_email !== null || subscription_id === null || anchor_at === null || ledger_entry_id !== null) return [];
    const part = { order_line_id: id, subscription_id, kind, amount, quantity: Math.max(1, quantity), anchor_at };
    if (kind === 'setup' || kind === 'use')
      return amount === 0 ? [] : { ...part, starts_at: created_at, ends_at: created_at };
    return covers_from === null || covers_to === null ? [] : { ...part, starts_at: covers_from, ends_at: covers_to };
  });
}
