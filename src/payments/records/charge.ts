import type { Selectable } from 'kysely';
import type { LedgerSubject } from '#ledger';
import type { ChargeId, ChargeItemId, ChargeItemsTable, ChargesTable } from '#platform/db/db-schema';
import type { Evidence, Funds } from '../processors/index.ts';

/** A payment that a processor accepted. `profile_id` is the customer. */
export type Charge = Selectable<ChargesTable>;

/** The part of a charge that pays one line of an order. */
export type ChargeItem = Selectable<ChargeItemsTable>;

/** Returns the subject of the ledger entries about a charge, or about one line of it. */
export function chargeSubject(id: ChargeId, item_id?: ChargeItemId): LedgerSubject {
  return { kind: 'cha', id: String(id), part: item_id === undefined ? '' : String(item_id) };
}

export type ChargeState = Charge['state'];

/** Change of a charge that evidence causes. */
export type Settlement =
  | { from: 'created'; to: 'done'; funds: Funds }
  | { from: 'created'; to: 'failed'; detail: string }
  | { from: 'done'; to: 'disputed'; fee_amount: number; returns_fee: boolean }
  | { from: 'disputed'; to: 'done' | 'failed' };

/**
 * Returns the changes that evidence makes to a charge in a state, in order; empty if it makes none.
 *
 *     created ──▶ done ──▶ disputed ──▶ done (won) · failed (lost)
 *        └──▶ failed
 *
 * Evidence can skip states, because a processor may report a dispute before the payment was recorded; each state on the
 * way has entries of its own. Pure and idempotent: the first of response, poll or webhook decides; later or repeated
 * evidence makes no change.
 */
export function decideSettlements(state: ChargeState, evidence: Evidence): Settlement[] {
  switch (evidence.state) {
    case 'created':
      return [];
    case 'done':
      if (state === 'created') return [{ from: 'created', to: 'done', funds: evidence.funds }];
      return state === 'disputed' ? [{ from: 'disputed', to: 'done' }] : [];
    case 'failed':
      if (state === 'created') return [{ from: 'created', to: 'failed', detail: evidence.detail }];
      return state === 'disputed' ? [{ from: 'disputed', to: 'failed' }] : [];
    case 'disputed':
    case 'lost': {
      const { funds, fee_amount, returns_fee } = evidence;
      const way: Settlement[] = [
        { from: 'created', to: 'done', funds },
        { from: 'done', to: 'disputed', fee_amount, returns_fee },
      ];
      if (evidence.state === 'lost') way.push({ from: 'disputed', to: 'failed' });
      const start = way.findIndex(({ from }) => from === state);
      return start === -1 ? [] : way.slice(start);
    }
  }
}
