import { invalidInput } from '#kernel/problem';
import { isSlug } from '#kernel/slug';
import { normalizeCode } from '#kernel/text';
import { readInstant } from '#kernel/instant';
import type { Reader } from '#platform/db/database';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import type { Discount } from '../discount.ts';
import { isGroupBuy } from './coupon.ts';
import { refuseDiscount } from '../discount.ts';
import { findPlanOf } from '../plans/index.ts';
import type { CouponInput } from './schemas.ts';

/** Checks the discount of a coupon. @throws invalid_input (400) naming `discount_value` */
export function requireCouponDiscount(discount: Discount): void {
  const refusal = refuseDiscount(discount, 1);
  if (refusal !== null) throw invalidInput({ discount_value: [refusal] });
}

/** Parses the code of a coupon; removes blanks. @throws invalid_input (400) naming `code` */
export function parseCouponCode(text: string): string {
  const code = normalizeCode(text);
  if (!isSlug(code)) throw invalidInput({ code: ['Use 1 to 50 letters, digits, hyphens or underscores.'] });
  if (isGroupBuy({ code })) throw invalidInput({ code: ['Codes that start with cpn_ are reserved.'] });
  // A segment of the pages below the coupons of a provider.
  if (code.toLowerCase() === 'download') throw invalidInput({ code: ['Use another code: this one is reserved.'] });
  return code;
}

/** Parses the end of a coupon: undefined when omitted, null for never. */
export function parseEndsAt({ ends_at }: CouponInput, timezone: string): Date | null | undefined {
  if (ends_at === undefined || ends_at === null) return ends_at;
  return readInstant('ends_at', ends_at, timezone);
}

/**
 * Finds the plan that a coupon is limited to: undefined when omitted, null for all plans. @throws invalid_input (400)
 */
export async function findCouponPlan(
  reader: Reader,
  provider_id: ProfileId,
  { plan: slug }: CouponInput,
): Promise<PlanId | null | undefined> {
  if (slug === undefined || slug === null) return slug;
  const plan = slug === '' ? undefined : await findPlanOf(reader, provider_id, slug);
  if (!plan) throw invalidInput({ plan: ['The plan does not belong to the organization.'] });
  if (!plan.is_active) {
    throw invalidInput({ plan: ['The plan is inactive. As a result the coupon will have no effect.'] });
  }
  return plan.id;
}

export const codeTakenProblem = () => invalidInput({ code: ['This code is already taken.'] });
