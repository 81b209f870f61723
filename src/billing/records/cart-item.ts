import type { CartItemId, ClaimId, CouponId, PlanId, UseChargeId, UserId } from '#platform/db/db-schema';

/** Maximum number of items in the cart of a user, who may buy a seat for each person of a list. */
export const USER_ITEMS_MAX = 10_000;

/** Maximum number of items in the cart of a browser without a signed-in user. */
export const VISITOR_ITEMS_MAX = 200;

/** Owner of a cart: a user, or a browser without a signed-in user. */
export type CartOwner = { user_id: UserId } | { visitor_hash: string };

/** Returns the maximum number of items in a cart. */
export function itemsMax(owner: CartOwner): number {
  return 'user_id' in owner ? USER_ITEMS_MAX : VISITOR_ITEMS_MAX;
}

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

/** Two open items of a cart with the same identity are one; the unique indexes of the table decide as well. */
export function itemIdentity({
  plan_id,
  use_charge_id,
  sync_on,
}: Pick<WantedItem, 'plan_id' | 'use_charge_id' | 'sync_on'>): string {
  return JSON.stringify([plan_id, use_charge_id, (sync_on ?? '').toLowerCase()]);
}
