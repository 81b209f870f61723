import type { Charge } from '../records/index.ts';

/** States of a charge as pages name them. */
export const charge_pills = [
  'created',
  'done',
  'partly_refunded',
  'refunded',
  'failed',
  'disputed',
  'dispute_lost',
] as const;
export type ChargePill = (typeof charge_pills)[number];

/**
 * Returns the state of a charge for people: with its refunds, and with the difference between a payment that failed and
 * a dispute that was lost. `refunded` in 1/100 of the unit of the charge; `was_paid` if its money had been distributed.
 */
export function chargePill(
  { state, amount }: Pick<Charge, 'state' | 'amount'>,
  { refunded, was_paid }: { refunded: number; was_paid: boolean },
): ChargePill {
  if (state === 'failed') return was_paid ? 'dispute_lost' : 'failed';
  if (state !== 'done' || refunded === 0) return state;
  return refunded < amount ? 'partly_refunded' : 'refunded';
}
