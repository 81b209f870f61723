import { Type } from 'typebox';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import type { CouponId, ProfileId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { idOf } from '#platform/jobs/events';
import type { UndoForm } from '#platform/pages/flash';
import { offerUndo } from '#platform/pages/undo/offer-undo';
import { undoProblems } from '#platform/pages/undo/problems';
import { defineUndo } from '#platform/pages/undo/undo-type';
import { lockCoupon, updateCouponRow } from './coupon-store.ts';
import type { Coupon } from './coupon.ts';
import { getLockedCoupon, type CouponTarget } from './update-coupon.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const SwitchedCoupon = Type.Object({
  coupon_id: idOf<CouponId>(),
  profile_id: idOf<ProfileId>(),
  profile_slug: Type.String(),
  /** Ends of the coupon before and after the change. */
  former_ends_at: NullableText,
  ends_at: NullableText,
});

/** Gives a coupon its former end back, unless its end was changed again. Locks: the row of the coupon. */
export const couponSwitchUndo = defineUndo(SwitchedCoupon, {
  kind: 'coupon_switch',
  access: { kind: 'direct' },
  params: ({ profile_slug }) => ({ profile: profile_slug }),
  async undo(_ctx, tx, switched, subject) {
    // The slug may belong to another profile by now: the caller's right is on the profile of the slug.
    if (subject.profile_id !== switched.profile_id) throw undoProblems.undo_refused();
    const coupon = await lockCoupon(tx, switched.coupon_id);
    if (!coupon || textOf(coupon.ends_at) !== switched.ends_at) throw undoProblems.undo_refused();
    const { former_ends_at } = switched;
    await updateCouponRow(tx, coupon.id, { ends_at: former_ends_at === null ? null : new Date(former_ends_at) });
    return { text: `The code ${coupon.code} is as it was.`, location: paths.coupons(switched.profile_slug) };
  },
});

const textOf = (at: Date | null) => at?.toISOString() ?? null;

/**
 * Switches a coupon off, which ends it now, or on, which gives it no end. Returns the form that takes it back.
 * @throws coupon_unknown (404)
 */
export async function switchCoupon(
  ctx: Context,
  target: CouponTarget & { provider_slug: string },
  to: 'on' | 'off',
): Promise<{ coupon: Coupon; undo: UndoForm | null }> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    const former = await getLockedCoupon(tx, target);
    const is_over = former.ends_at !== null && former.ends_at <= at;
    if (is_over === (to === 'off')) return { coupon: former, undo: null };
    const coupon = await updateCouponRow(tx, former.id, { ends_at: to === 'off' ? at : null });
    const undo = await offerUndo(ctx, tx, couponSwitchUndo, {
      coupon_id: coupon.id,
      profile_id: coupon.profile_id,
      profile_slug: target.provider_slug,
      former_ends_at: textOf(former.ends_at),
      ends_at: textOf(coupon.ends_at),
    });
    return { coupon, undo };
  });
}
