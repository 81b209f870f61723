import { AMOUNT_MAX } from '../schemas.ts';
import type { Plan } from './plan.ts';

type Sold = Pick<Plan, 'quantity_min' | 'quantity_max'>;

/** Price of one period of a quantity that an order or a change may have. Units: 1/100. */
const PRICE_MAX = AMOUNT_MAX;
const too_expensive = 'The price of this quantity is too high to be ordered.';

/**
 * Returns the quantity that an order for a plan has: the wanted one within the limits of the plan, its smallest one
 * when none is chosen (0), and 1 for a plan that is not sold by quantity. Pure.
 */
export function soldQuantity({ quantity_min, quantity_max }: Sold, wanted: number): number {
  if (quantity_max === null) return 1;
  return Math.min(Math.max(wanted, quantity_min), Math.max(quantity_max, 1));
}

/**
 * Returns the reason why an order for a plan may not have a quantity, or null. 0: none is chosen. Documented requests
 * name a quantity for any plan: it has no effect on a plan that is not sold by quantity. Pure.
 */
export function refuseSoldQuantity(plan: Sold & Pick<Plan, 'period_amount'>, wanted: number): string | null {
  const { quantity_min, quantity_max } = plan;
  if (quantity_max === null) return null;
  if (wanted === 0) return refuseQuantityPrice(plan, quantity_min);
  if (wanted < quantity_min) return `Ensure this value is greater than or equal to ${quantity_min}.`;
  if (wanted > quantity_max) return `Ensure this value is less than or equal to ${quantity_max}.`;
  return refuseQuantityPrice(plan, wanted);
}

/** Returns the reason why a quantity of a plan costs too much for one period, or null. Pure. */
export function refuseQuantityPrice({ period_amount }: Pick<Plan, 'period_amount'>, quantity: number): string | null {
  return period_amount * quantity > PRICE_MAX ? too_expensive : null;
}

/** Returns a plan whose period costs as much as a quantity of it. Pure. */
export function pricedFor<T extends Pick<Plan, 'period_amount'>>(plan: T, quantity: number): T {
  return quantity === 1 ? plan : { ...plan, period_amount: plan.period_amount * quantity };
}
