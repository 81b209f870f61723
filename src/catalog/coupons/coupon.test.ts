import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import { aCoupon, aPlan } from '../../../test/support/catalog-samples.ts';
import { isGroupBuy, refuseCoupon, type Coupon, type CouponRefusal } from './coupon.ts';
import { refuseDiscount, type Discount } from '../discount.ts';

const at = new Date('2026-03-10T15:00:00Z');
const plan = aPlan();

test('a coupon that does not apply to a plan is refused with the reason', () => {
  const cases: [Partial<Coupon>, CouponRefusal | null][] = [
    [{}, null],
    [{ plan_id: plan.id }, null],
    [{ plan_id: 2 as PlanId }, 'coupon_not_for_plan'],
    [{ profile_id: 2 as ProfileId }, 'coupon_not_for_plan'],
    [{ ends_at: new Date(at.getTime() + 1) }, null],
    [{ ends_at: at }, 'coupon_expired'],
    [{ nb_attempts: 1 }, null],
    [{ nb_attempts: 0 }, 'coupon_exhausted'],
    [{ plan_id: plan.id, ends_at: at }, 'coupon_expired'],
  ];
  for (const [fields, refusal] of cases) assert.equal(refuseCoupon(aCoupon(fields), plan, at), refusal);
});

test('a discount outside the range of its type is refused', () => {
  const cases: [Discount, number, boolean][] = [
    [{ discount_type: 'percentage', discount_value: 10_000 }, 1, true],
    [{ discount_type: 'percentage', discount_value: 10_001 }, 1, false],
    [{ discount_type: 'percentage', discount_value: 0 }, 1, false],
    [{ discount_type: 'percentage', discount_value: 0 }, 0, true],
    [{ discount_type: 'currency', discount_value: 1_000_000 }, 1, true],
    [{ discount_type: 'period', discount_value: 1000 }, 1, true],
    [{ discount_type: 'period', discount_value: 1001 }, 1, false],
  ];
  for (const [discount, least, is_fine] of cases) assert.equal(refuseDiscount(discount, least) === null, is_fine);
});

test('a code with the prefix cpn_ belongs to a group purchase, in any case', () => {
  assert.ok(isGroupBuy({ code: 'cpn_12' }) && isGroupBuy({ code: 'CPN_12' }) && !isGroupBuy({ code: 'cpn' }));
});
