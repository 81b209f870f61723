import type { Selectable } from 'kysely';
import { allocate, allocateMoney, chargeStep } from '#kernel/money';
import type { RefundLinesTable, RefundsTable } from '#platform/db/db-schema';
import type { ChargeState } from './charge.ts';

/** Money given back on a charge, from the intent to the booking. */
export type Refund = Selectable<RefundsTable>;

/** The part of a refund that concerns one line of the charge, and who pays for it. */
export type RefundLine = Selectable<RefundLinesTable>;

/** What a line is worth, or part of it. Units: `amount` in the unit of the charge, the three shares in that of its funds. */
export interface Shares {
  amount: number;
  distribute_amount: number;
  fee_amount: number;
  broker_fee_amount: number;
}

export const NOTHING: Shares = { amount: 0, distribute_amount: 0, fee_amount: 0, broker_fee_amount: 0 };

/** What is left of a line after what was given back. */
export function remainder(line: Shares, refunded: Shares): Shares {
  return {
    amount: line.amount - refunded.amount,
    distribute_amount: line.distribute_amount - refunded.distribute_amount,
    fee_amount: line.fee_amount - refunded.fee_amount,
    broker_fee_amount: line.broker_fee_amount - refunded.broker_fee_amount,
  };
}

/**
 * Takes `amount` out of what is left of a line, from each who shared it in proportion.
 *
 * Largest remainder over what is left: the shares add up to what is given back, none goes below zero, and whoever refunds
 * the rest takes exactly what remains. `amount` is at most `left.amount`.
 */
export function prorateRefund(left: Shares, amount: number, funds_unit: string): Shares {
  const funds_left = left.distribute_amount + left.fee_amount + left.broker_fee_amount;
  const whole = { amount: funds_left, unit: funds_unit };
  const [funds = 0] = left.amount === 0 ? [0] : allocateMoney(whole, [amount, left.amount - amount]);
  const weights = [left.distribute_amount, left.fee_amount, left.broker_fee_amount];
  const areWhole = weights.every((weight) => weight % chargeStep(funds_unit) === 0);
  const [distribute_amount = 0, fee_amount = 0, broker_fee_amount = 0] =
    funds === 0
      ? []
      : areWhole
        ? allocateMoney({ amount: funds, unit: funds_unit }, weights)
        : allocate(funds, weights);
  return { amount, distribute_amount, fee_amount, broker_fee_amount };
}

/** Says why a charge in a state cannot be refunded, or null. */
export function refuseRefund(state: ChargeState): 'pending' | 'failed' | 'disputed' | null {
  if (state === 'done') return null;
  return state === 'created' ? 'pending' : state;
}
