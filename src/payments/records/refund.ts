import type { Selectable } from 'kysely';
import { allocate, allocateMoney, chargeStep } from '#kernel/money';
import type { RefundLinesTable, RefundsTable } from '#platform/db/db-schema';
import type { ChargeState } from './charge.ts';

/** A refund of a charge, from the intent to the booking. */
export type Refund = Selectable<RefundsTable>;

/** The part of a refund on one line of the charge, with the shares that pay for it. */
export type RefundLine = Selectable<RefundLinesTable>;

/**
 * Amount of a line or of a part of it, and its shares.
 * Units: `amount` in the unit of the charge, the three shares in the unit of its funds.
 */
export interface Shares {
  amount: number;
  distribute_amount: number;
  fee_amount: number;
  broker_fee_amount: number;
}

export const NO_SHARES: Shares = { amount: 0, distribute_amount: 0, fee_amount: 0, broker_fee_amount: 0 };

/** Returns the sum of two shares of one line. */
export function addShares(a: Shares, b: Shares): Shares {
  return {
    amount: a.amount + b.amount,
    distribute_amount: a.distribute_amount + b.distribute_amount,
    fee_amount: a.fee_amount + b.fee_amount,
    broker_fee_amount: a.broker_fee_amount + b.broker_fee_amount,
  };
}

/** Returns the rest of a line after its refunds. */
export function subtractShares(line: Shares, refunded: Shares): Shares {
  return {
    amount: line.amount - refunded.amount,
    distribute_amount: line.distribute_amount - refunded.distribute_amount,
    fee_amount: line.fee_amount - refunded.fee_amount,
    broker_fee_amount: line.broker_fee_amount - refunded.broker_fee_amount,
  };
}

/**
 * Returns the rest of a line as it is taken: without `returns_broker_fee` from the provider alone. Refunds under other
 * terms may have taken more of one share than it has; that is taken from the other one. Pure.
 */
export function shiftShares(left: Shares, returns_broker_fee: boolean): Shares {
  const sum = left.distribute_amount + left.broker_fee_amount;
  const broker_fee_amount = returns_broker_fee ? Math.min(Math.max(0, left.broker_fee_amount), Math.max(0, sum)) : 0;
  return { ...left, distribute_amount: sum - broker_fee_amount, broker_fee_amount };
}

/**
 * Takes `amount` from the rest of a line, from each share in proportion.
 *
 * Largest remainder over the rest: the shares add up to the refund, none goes below zero, and a refund of the whole
 * rest takes exactly the shares that remain. `amount` is at most `left.amount`.
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

/** Returns the reason why a charge in a state cannot be refunded, or null. */
export function refuseRefund(state: ChargeState): 'pending' | 'failed' | 'disputed' | null {
  if (state === 'done') return null;
  return state === 'created' ? 'pending' : state;
}
