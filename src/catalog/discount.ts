import { portion } from '#kernel/money';

export const discountTypes = ['percentage', 'currency', 'period'] as const;
export type DiscountType = (typeof discountTypes)[number];

/** Something off a price. Units of `discount_value`: basis points, 1/100 of the unit, or a number of plan periods. */
export interface Discount {
  discount_type: DiscountType;
  discount_value: number;
}

const PERCENTAGE_MAX = 10_000;
const PERIODS_MAX = 1000;

/** Takes what a discount is worth on an amount; never more than the amount. */
export function discountOn(amount: number, period_amount: number, discount: Discount): number {
  const { discount_type: type, discount_value: value } = discount;
  const worth = type === 'percentage' ? portion(amount, value) : type === 'currency' ? value : value * period_amount;
  return Math.min(worth, amount);
}

/** Says why a discount makes no sense, or null when it does. */
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
