import type { ChangeFacts, PlannedChange } from './change.ts';
import { costsMore } from './direction.ts';

/**
 * True if a change that charges nothing now lets the card on file be charged more later: the next charge is larger than
 * the price of the running period, or a year costs more. Credit that may pay a part of it does not count. Pure.
 */
export function raisesLaterCharge(
  { from, to }: Pick<ChangeFacts, 'from' | 'to'>,
  { at, mode, promised, next_charge_at, next_charge_amount, quantity }: PlannedChange,
): boolean {
  if (at === 'now' && mode !== 'none') return false;
  if (next_charge_at === null && promised === null) return false;
  const next = promised === null ? next_charge_amount : promised.amount + promised.setup_amount;
  const is_larger = next > from.period_amount * quantity.from;
  return is_larger || costsMore({ plan: to, quantity: quantity.to }, { plan: from, quantity: quantity.from });
}
