import { sql } from 'kysely';
import { type LedgerSubject, selectInvoiceNumbers } from '#ledger';
import type { ChargeId, LedgerEntryId } from '#platform/db/db-schema';
import { oneOf } from '#platform/db/built-once';
import type { Reader } from '#platform/db/database';
import { selectProfileNames } from '#profiles';
import { chargeSubject } from './charge.ts';

/** A line of a charge with the card of the charge and the subject of the entries that refund the line. */
export interface ChargedLine {
  processor_key: string;
  last4: string | null;
  refund_subject: LedgerSubject;
  invoiced_entry_id: LedgerEntryId;
  title: string;
  /** Name of the profile that paid. */
  customer_name: string;
}

/** Returns the lines of the charges with these keys of the processor. */
export async function findChargedLines(reader: Reader, processor_keys: readonly string[]): Promise<ChargedLine[]> {
  if (processor_keys.length === 0) return [];
  const rows = await reader
    .selectFrom('charges')
    .innerJoin('charge_items as item', 'item.charge_id', 'charges.id')
    .innerJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'charges.profile_id')
    .select(['charges.id', 'charges.processor_key', 'charges.last4'])
    .select(['item.id as item_id', 'item.invoiced_entry_id', 'item.title'])
    .select(sql<string>`coalesce(nullif(customer.full_name, ''), customer.slug)`.as('customer_name'))
    .where('charges.processor_key', 'in', [...new Set(processor_keys)])
    .execute();
  return rows.map(({ id, item_id, ...line }) => ({ ...line, refund_subject: chargeSubject(id, item_id) }));
}

/** Finds the numbers of the invoices that have lines of charges, oldest first, by charge. */
export async function findInvoiceNumbers(
  reader: Reader,
  charge_ids: readonly ChargeId[],
): Promise<Map<ChargeId, string[]>> {
  if (charge_ids.length === 0) return new Map();
  // Indexes: charge_items_charge_id_rank_key, document_lines_ledger_entry_id.
  const rows = await reader
    .selectFrom('charge_items as item')
    .innerJoin(selectInvoiceNumbers(reader).as('invoice'), 'invoice.ledger_entry_id', 'item.invoiced_entry_id')
    .select(['item.charge_id', 'invoice.number', 'invoice.invoice_id'])
    .distinct()
    .where('item.charge_id', '=', oneOf([...new Set(charge_ids)], 'bigint'))
    .orderBy('invoice.invoice_id')
    .execute();
  const byCharge = Map.groupBy(rows, ({ charge_id }) => charge_id);
  return new Map([...byCharge].map(([id, found]) => [id, found.map(({ number }) => number)]));
}

/** Selects the attempt of each charge, for queries of rooms that record why a charge was attempted. */
export function selectChargeAttempts(reader: Reader) {
  return reader.selectFrom('charges').select(['id', 'charge_attempt_id']);
}

/** Selects the first line of each charge on each entry, with its number. Index: charge_items_charge_id_rank_key. */
export function selectChargeLines(reader: Reader) {
  return reader
    .selectFrom('charge_items')
    .select(['charge_id', 'invoiced_entry_id'])
    .select((eb) => eb.fn.min('rank').as('rank'))
    .groupBy(['charge_id', 'invoiced_entry_id']);
}
