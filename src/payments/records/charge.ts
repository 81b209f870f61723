import type { Selectable } from 'kysely';
import type { LedgerSubject } from '#ledger';
import type { ChargeId, ChargeItemId, ChargeItemsTable, ChargesTable } from '#platform/db/db-schema';

/** A payment that a processor accepted. `profile_id` is the customer. */
export type Charge = Selectable<ChargesTable>;

/** The part of a charge that pays one line of an order. */
export type ChargeItem = Selectable<ChargeItemsTable>;

/** Returns the subject of the ledger entries about a charge, or about one line of it. */
export function chargeSubject(id: ChargeId, item_id?: ChargeItemId): LedgerSubject {
  return { kind: 'cha', id: String(id), part: item_id === undefined ? '' : String(item_id) };
}

export type ChargeState = Charge['state'];
