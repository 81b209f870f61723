import { type CartFacts, findCouponsByIds } from '#catalog';
import type { Actor } from '#platform/context';
import type { Reader } from '#platform/db/database';
import { findCartItems } from '../records/cart-item-store.ts';
import { findRememberedCoupon } from '../records/remembered-coupon-store.ts';

/** What the pricing page needs to know of the caller's cart: what is in it, and which codes were typed. */
export async function findCartFacts(reader: Reader, actor: Actor): Promise<CartFacts> {
  const visitor_hash = actor.kind === 'job' ? null : actor.visitor_hash;
  const own = actor.kind === 'user' ? await findCartItems(reader, { user_id: actor.user_id }) : [];
  const waiting = visitor_hash === null ? [] : await findCartItems(reader, { visitor_hash });
  const items = [...own, ...waiting];
  const coupons = await findCouponsByIds(
    reader,
    items.flatMap((item) => item.coupon_id ?? []),
  );
  const typed = visitor_hash === null ? null : await findRememberedCoupon(reader, { visitor_hash });
  const remembered = actor.kind === 'user' ? await findRememberedCoupon(reader, { user_id: actor.user_id }) : null;
  return {
    plan_ids: new Set(items.map((item) => item.plan_id)),
    coupon_codes: [
      ...new Set([
        ...[...coupons.values()].map((coupon) => coupon.code),
        ...[typed, remembered].filter((code) => code !== null),
      ]),
    ],
  };
}
