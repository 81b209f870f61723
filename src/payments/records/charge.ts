import type { Selectable } from 'kysely';
import type { LedgerSubject } from '#ledger';
import type { ChargeId, ChargeItemId, ChargeItemsTable, ChargesTable } from '#platform/db/db-schema';
import type { Evidence, Funds } from '../processors/index.ts';

/** A payment that a processor accepted. `profile_id` is the customer. */
export type Charge = Selectable<ChargesTable>;

/** The part of a charge that pays one line of an order. */
export type ChargeItem = Selectable<ChargeItemsTable>;

/** LedgerSubject of the ledger entries about a charge, or about one line of it. */
export function chargeSubject(id: ChargeId, item_id?: ChargeItemId): LedgerSubject {
  return { kind: 'cha', id: String(id), part: item_id === undefined ? '' : String(item_id) };
}

export type ChargeState = Charge['state'];

/** What the processor's word makes of a charge. */
export type Settlement =
  | { from: 'created'; to: 'done'; funds: Funds }
  | { from: 'created'; to: 'failed'; detail: string }
  | { from: 'done'; to: 'disputed'; fee_amount: number }
  | { from: 'disputed'; to: 'done' | 'failed' };

/**
 * Says what evidence changes about a charge in a state; null when it changes nothing.
 *
 *     created ──▶ done ──▶ disputed ──▶ done (won) · failed (lost)
 *        └──▶ failed
 *
 * Pure, and deaf to what comes late or twice: whichever of answer, poll and webhook is first wins, the rest change nothing.
 */
export function settle(state: ChargeState, evidence: Evidence): Settlement | null {
  switch (evidence.state) {
    case 'created':
      return null;
    case 'done':
      if (state === 'created') return { from: 'created', to: 'done', funds: evidence.funds };
      return state === 'disputed' ? { from: 'disputed', to: 'done' } : null;
    case 'failed':
      if (state === 'created') return { from: 'created', to: 'failed', detail: evidence.detail };
      return state === 'disputed' ? { from: 'disputed', to: 'failed' } : null;
    case 'disputed':
      return state === 'done' ? { from: 'done', to: 'disputed', fee_amount: evidence.fee_amount } : null;
  }
}
