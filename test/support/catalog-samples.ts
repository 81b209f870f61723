import type { AdvanceDiscountId, CouponId, PlanId, ProfileId } from '#platform/db/db-schema';
import { type AdvanceDiscount, type Coupon, defaultTerms, type Plan } from '#catalog';

type SampleDiscount = Pick<AdvanceDiscount, 'discount_type' | 'discount_value' | 'length'>;

/** A plan without a row, for pure rules. */
export function aPlan(
  fields: Partial<Omit<Plan, 'advance_discounts'>> & { advance_discounts?: SampleDiscount[] } = {},
): Plan {
  const { advance_discounts = [], ...rest } = fields;
  return {
    id: 1 as PlanId,
    profile_id: 1 as ProfileId,
    slug: 'basic',
    title: 'Basic',
    description: '',
    is_active: true,
    is_not_priced: false,
    is_personal: false,
    unit: 'usd',
    setup_amount: 0,
    period_amount: 2000,
    period_type: 'monthly',
    period_length: 1,
    broker_fee_percent: 0,
    renewal_type: 'auto-renew',
    skip_optin_on_grant: false,
    optin_on_request: false,
    unlock_event: null,
    extra: null,
    created_at: new Date('2026-01-01T00:00:00Z'),
    first_subscribed_at: null,
    use_charges: [],
    ...defaultTerms,
    ...rest,
    advance_discounts: advance_discounts.map((discount, index) => ({
      id: (index + 1) as AdvanceDiscountId,
      ...discount,
    })),
  };
}

/** A coupon without a row, for pure rules: 50 % off, without an end, for all plans. */
export function aCoupon(fields: Partial<Coupon> = {}): Coupon {
  return {
    id: 1 as CouponId,
    profile_id: 1 as ProfileId,
    plan_id: null,
    code: 'DIS50',
    discount_type: 'percentage',
    discount_value: 5000,
    description: null,
    nb_attempts: null,
    ends_at: null,
    extra: null,
    created_at: new Date('2026-01-01T00:00:00Z'),
    ...fields,
  };
}
