import { findCouponsByIds } from '#catalog';
import type { Actor } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { PlanId } from '#platform/db/db-schema';
import { findCartItems, findRememberedCoupon } from '../records/index.ts';

/** Facts of a caller's cart that change how plans are offered. */
export interface CartFacts {
  plan_ids: ReadonlySet<PlanId>;
  /** Codes of coupons in the cart and codes entered before a plan was chosen. */
  coupon_codes: readonly string[];
}

/** Loads the facts of the caller's cart; a signed-in user also has the cart of the same browser. */
export async function loadCartFacts(reader: Reader, actor: Actor): Promise<CartFacts> {
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
