import type { CartItemId, ClaimId, CouponId, PlanId, UseChargeId, UserId } from '#platform/db/db-schema';

/** The most items that one cart holds. */
export const CART_ITEMS_MAX = 200;

/** Whose cart it is: a user's, or that of a browser nobody signed in with. */
export type CartOwner = { user_id: UserId } | { visitor_hash: string };

/** Something wanted but not yet ordered. */
export interface CartItem {
  id: CartItemId;
  user_id: UserId | null;
  plan_id: PlanId;
  use_charge_id: UseChargeId | null;
  coupon_id: CouponId | null;
  /** 1-based index into the ways to buy the plan; 0 while undecided. */
  option: number;
  quantity: number;
  full_name: string;
  email: string | null;
  /** Slug or e-mail of who benefits, when it is not the payer. */
  sync_on: string | null;
  claim_code: string | null;
  /** Of a seat that another payer has paid for: the claim that its code stood for. */
  claim_id: ClaimId | null;
  created_at: Date;
}

/** What a caller says about an item; what is left out keeps its value. */
export interface WantedItem {
  plan_id: PlanId;
  use_charge_id: UseChargeId | null;
  sync_on: string | null;
  option?: number | undefined;
  quantity?: number | undefined;
  full_name?: string | undefined;
  email?: string | null | undefined;
}
