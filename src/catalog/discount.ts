import { portion } from '#kernel/money';

export const discountTypes = ['percentage', 'currency', 'period'] as const;
export type DiscountType = (typeof discountTypes)[number];

/** A discount. Unit of `discount_value` by type: basis points, 1/100 of the unit of the plan, or plan periods. */
export interface Discount {
  discount_type: DiscountType;
  discount_value: number;
}

const PERCENTAGE_MAX = 10_000;
const PERIODS_MAX = 1000;

/** Returns the reduction of `amount` by a discount, at most `amount`. */
export function applyDiscount(amount: number, period_amount: number, discount: Discount): number {
  const { discount_type: type, discount_value: value } = discount;
  const reduction =
    type === 'percentage' ? portion(amount, value) : type === 'currency' ? value : value * period_amount;
  return Math.min(reduction, amount);
}

/** Returns the reason why a discount is invalid, or null. `value_min` is inclusive. */
export function refuseDiscount({ discount_type, discount_value }: Discount, value_min: number): string | null {
  if (discount_value < value_min) return `Ensure this value is greater than or equal to ${value_min}.`;
  if (discount_type === 'percentage' && discount_value > PERCENTAGE_MAX) {
    return `A percentage is in 1/100 of a percent: ensure this value is less than or equal to ${PERCENTAGE_MAX}.`;
  }
  if (discount_type === 'period' && discount_value > PERIODS_MAX) {
    return `Ensure this value is less than or equal to ${PERIODS_MAX}.`;
  }
  return null;
}
