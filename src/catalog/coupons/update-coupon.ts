import type { Context } from '#platform/context';
import { requireSameVersion } from '#platform/pages/forms/edit-version';
import { inTransaction, isUniqueViolation, type Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import {
  requireCouponDiscount,
  codeTakenProblem,
  parseCouponCode,
  parseEndsAt,
  findCouponPlan,
} from './coupon-input.ts';
import { findCoupon, lockCoupon, updateCouponRow, type CouponChange } from './coupon-store.ts';
import type { Coupon } from './coupon.ts';
import type { Discount } from '../discount.ts';
import { catalogProblems } from '../problems.ts';
import type { CouponInput } from './schemas.ts';

export interface CouponTarget {
  provider_id: ProfileId;
  code: string;
  /** Version of the edited fields (`couponFields`), from a page; omitted by the API. */
  version?: string;
}

/** Returns the fields of a coupon that its page edits, for the version of the form. */
export function couponFields(coupon: Coupon): Record<string, unknown> {
  const { code, discount_type, discount_value, plan_id: plan, ends_at, nb_attempts, description } = coupon;
  return { code, discount_type, discount_value, plan, ends_at, nb_attempts, description };
}

/**
 * Changes a coupon; fields that the input omits keep their values.
 * @throws coupon_unknown (404), invalid_input (400), edit_conflict (409)
 */
export async function updateCoupon(
  ctx: Context,
  target: CouponTarget,
  input: CouponInput,
  timezone: string,
): Promise<Coupon> {
  const ends_at = parseEndsAt(input, timezone);
  const code = input.code === undefined ? undefined : parseCouponCode(input.code);
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const coupon = await getLockedCoupon(tx, target);
      requireSameVersion(target.version, couponFields(coupon));
      requireCouponDiscount({ ...coupon, ...pickDiscount(input) });
      const plan_id = await findCouponPlan(tx, target.provider_id, input);
      const change: CouponChange = {
        ...pickDiscount(input),
        ...(code === undefined ? {} : { code }),
        ...(input.description === undefined ? {} : { description: input.description }),
        ...(input.nb_attempts === undefined ? {} : { nb_attempts: input.nb_attempts }),
        ...(ends_at === undefined ? {} : { ends_at }),
        ...(plan_id === undefined ? {} : { plan_id }),
      };
      return Object.keys(change).length === 0 ? coupon : updateCouponRow(tx, coupon.id, change);
    });
  } catch (error) {
    if (isUniqueViolation(error, 'coupons_code')) throw codeTakenProblem();
    throw error;
  }
}

/** Selects a coupon of a provider FOR UPDATE. @throws coupon_unknown (404) */
export async function getLockedCoupon(tx: Tx, target: CouponTarget): Promise<Coupon> {
  const found = await findCoupon(tx, target.provider_id, target.code);
  const coupon = found && (await lockCoupon(tx, found.id));
  if (!coupon) throw catalogProblems.coupon_unknown();
  return coupon;
}

function pickDiscount({ discount_type, discount_value }: CouponInput): Partial<Discount> {
  return {
    ...(discount_type === undefined ? {} : { discount_type }),
    ...(discount_value === undefined ? {} : { discount_value }),
  };
}
