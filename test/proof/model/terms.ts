import { stepOf } from './amounts.ts';

/** How a payment processor treats money, where processors differ. */
export interface Terms {
  /** Fixed part of the fee of a charge in 1/100 of the unit. */
  fixedFee(unit: string): number;
  /** True if the fee of a charge stays with the processor when the charge is refunded: the provider bears it. */
  keeps_fee: boolean;
  /** True if the balance of a provider may become negative by a refund. */
  may_overdraw: boolean;
  /** Fee of a dispute in 1/100 of the unit. */
  disputeFee(unit: string): number;
  keeps_dispute_fee: boolean;
  /** True if what was decided stays: a payment, and a dispute, which is of an amount that was not refunded. */
  decides_once: boolean;
  /** Time after which a delayed payment arrives that nothing else decided; null: never. */
  delay_ms: number | null;
}

/** @see docs/spec/billing.md 2.6 */
export const test_terms: Terms = {
  fixedFee: (unit) => 30 * stepOf(unit),
  keeps_fee: false,
  may_overdraw: false,
  disputeFee: () => 1500,
  keeps_dispute_fee: false,
  decides_once: false,
  delay_ms: null,
};

/** @see docs/operating/stripe-emulator.md */
export const stripe_terms: Terms = {
  fixedFee: (unit) => (stepOf(unit) === 1 ? 30 : 0),
  keeps_fee: true,
  may_overdraw: true,
  disputeFee: (unit) => 1500 * stepOf(unit),
  keeps_dispute_fee: true,
  decides_once: true,
  delay_ms: 4 * 86_400_000,
};
