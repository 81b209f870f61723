import { planSummary, type Plan } from '#catalog';
import { presentUserSummary, type User } from '#accounts';
import type { CartItem } from '../records/index.ts';

interface ShownItem {
  item: CartItem;
  plan: Plan;
  user: User | null;
  /** Omitted where the offer was not computed. */
  trial_available?: boolean;
  detail?: string | null;
}

/** Presents a cart item to the API; an item of a visitor has no `user`. */
export function presentCartItem({ item, plan, user, trial_available, detail = null }: ShownItem) {
  return {
    id: item.id,
    created_at: item.created_at.toISOString(),
    ...(user === null ? {} : { user: presentUserSummary(user) }),
    claim_code: null, // part of the published API; Tollgate has no value for it
    plan: planSummary(plan),
    option: item.option,
    use: item.use_charge_id,
    quantity: item.quantity,
    sync_on: item.sync_on,
    full_name: item.full_name,
    email: item.email,
    ...(trial_available === undefined ? {} : { trial_available }),
    detail,
  };
}

/** Returns the sentence that names the removed codes. */
export function describeRemovedCodes(codes: readonly string[]): string {
  if (codes.length === 0) return 'The cart has no coupon with this code.';
  return `Removed from the cart: ${codes.join(', ')}.`;
}
