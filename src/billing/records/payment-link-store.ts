import { sql } from 'kysely';
import type { AdjustmentId, LedgerEntryId, OrderId, PaymentLinkId, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { linkKeyHash, openLinkKey, sealLinkKey } from '#platform/security/link-keys';
import type { PaymentLink } from './payment-link.ts';

export interface NewPaymentLink {
  order_id: OrderId;
  profile_id: ProfileId;
  provider_id: ProfileId;
  /** Not encrypted. */
  claim_code: string;
  amount: number;
  unit: string;
  created_by: UserId | null;
  created_at: Date;
}

/** Inserts a link; its code is stored encrypted. */
export async function insertPaymentLink(tx: Tx, { claim_code, ...row }: NewPaymentLink): Promise<void> {
  await tx
    .insertInto('payment_links')
    .values({ ...row, claim_code: sealLinkKey(claim_code), claim_code_hash: linkKeyHash(claim_code) })
    .execute();
}

/** True on links whose order the provider collected or wrote off, and did not take that back. */
const isClosed = sql<boolean>`exists (select from adjustments
  where adjustments.id = payment_links.adjustment_id and adjustments.reversed_at is null)`;

function selectLinks(reader: Reader) {
  return reader
    .selectFrom('payment_links')
    .select([
      'id',
      'order_id',
      'profile_id',
      'provider_id',
      'claim_code',
      'amount',
      'unit',
      'adjustment_id',
      'is_collected_in_full',
      'created_by',
      'created_at',
    ])
    .select(isClosed.as('is_closed'));
}

const readLink = (row: PaymentLink): PaymentLink => ({ ...row, claim_code: openLinkKey(row.claim_code) });

/** Finds the link of a code. */
export async function findPaymentLink(reader: Reader, claim_code: string): Promise<PaymentLink | undefined> {
  const row = await selectLinks(reader)
    .where('claim_code_hash', '=', linkKeyHash(claim_code.toLowerCase()))
    .executeTakeFirst();
  return row && readLink(row);
}

/**
 * Closes a link by an adjustment; false if a concurrent request closed it. The statement waits for that request. A link
 * whose adjustment was reversed can be closed again.
 */
export async function closePaymentLink(
  tx: Tx,
  id: PaymentLinkId,
  { adjustment_id, is_collected_in_full }: { adjustment_id: AdjustmentId; is_collected_in_full: boolean },
): Promise<boolean> {
  const closed = await tx
    .updateTable('payment_links')
    .set({ adjustment_id, is_collected_in_full })
    .where('id', '=', id)
    .where(sql<boolean>`not ${isClosed}`)
    .returning('id')
    .executeTakeFirst();
  return closed !== undefined;
}

/** Finds the ledger entries of the lines of an order. */
export async function findEntriesOfOrder(reader: Reader, order_id: OrderId): Promise<LedgerEntryId[]> {
  const rows = await reader
    .selectFrom('order_lines')
    .select('ledger_entry_id')
    .where('order_id', '=', order_id)
    .orderBy('rank')
    .execute();
  return rows.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []);
}

/** Returns which of these orders their provider collected in full by a link. Index: order_lines_ledger_entry_id. */
export async function findCollectedEntries(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Set<LedgerEntryId>> {
  if (entry_ids.length === 0) return new Set();
  const rows = await reader
    .selectFrom('order_lines')
    .innerJoin('payment_links', 'payment_links.order_id', 'order_lines.order_id')
    .select('order_lines.ledger_entry_id')
    .where('order_lines.ledger_entry_id', 'in', [...entry_ids])
    .where('payment_links.is_collected_in_full', '=', true)
    .where(isClosed)
    .execute();
  return new Set(rows.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []));
}
