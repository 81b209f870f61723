import type { Actor } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { CouponId, PlanId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import { findCartItems, findRememberedCoupon } from '../records/index.ts';

/** Facts of a caller's cart that change how plans are offered. */
export interface CartFacts {
  plan_ids: ReadonlySet<PlanId>;
  /** Coupons in the cart, and codes entered before a plan was chosen. */
  coupons: { ids: readonly CouponId[]; codes: readonly string[] };
}

/** Loads the facts of the caller's cart; a signed-in user also has the cart of the same browser. */
export async function loadCartFacts(reader: Reader, actor: Actor): Promise<CartFacts> {
  const visitor_hash = actor.kind === 'job' ? null : actor.visitor_hash;
  const owners = [
    ...(actor.kind === 'user' ? [{ user_id: actor.user_id }] : []),
    ...(visitor_hash === null ? [] : [{ visitor_hash }]),
  ];
  const found = await mergeReads(
    reader,
    owners.map((owner) => async (together: Reader) => {
      const [items, code] = await mergeReads(together, [
        (inner) => findCartItems(inner, owner),
        (inner) => findRememberedCoupon(inner, owner),
      ]);
      return { items, code };
    }),
  );
  const items = found.flatMap((cart) => cart.items);
  return {
    plan_ids: new Set(items.map((item) => item.plan_id)),
    coupons: {
      ids: items.flatMap((item) => item.coupon_id ?? []),
      codes: found.flatMap(({ code }) => code ?? []),
    },
  };
}
