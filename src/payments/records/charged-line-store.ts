import { sql } from 'kysely';
import type { LedgerSubject } from '#ledger';
import type { LedgerEntryId } from '#platform/db/db-schema';
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
