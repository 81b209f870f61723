import type { CartItemId, ClaimId, CouponId, PlanId, UseChargeId, UserId } from '#platform/db/db-schema';

/** Maximum number of items in one cart. */
export const CART_ITEMS_MAX = 200;

/** Owner of a cart: a user, or a browser without a signed-in user. */
export type CartOwner = { user_id: UserId } | { visitor_hash: string };

/** Plan, or uses of a plan, in a cart. */
export interface CartItem {
  id: CartItemId;
  user_id: UserId | null;
  plan_id: PlanId;
  use_charge_id: UseChargeId | null;
  coupon_id: CouponId | null;
  /** 1-based index into the price options of the plan; 0 while undecided. */
  option: number;
  quantity: number;
  full_name: string;
  email: string | null;
  /** Slug or e-mail address of the beneficiary; null for the payer. */
  sync_on: string | null;
  /** Claim of a prepaid seat; null for an item that its buyer pays. */
  claim_id: ClaimId | null;
  created_at: Date;
}

/** Members of a new or changed item; an omitted member keeps its value. */
export interface WantedItem {
  plan_id: PlanId;
  use_charge_id: UseChargeId | null;
  sync_on: string | null;
  option?: number | undefined;
  quantity?: number | undefined;
  full_name?: string | undefined;
  email?: string | null | undefined;
}
