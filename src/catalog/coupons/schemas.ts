import { type Static, Type } from 'typebox';
import { IsoInstant, NullableInstant, NullableString, PageOf } from '#platform/http/schemas';
import { PlanSummarySchema } from '../plans/index.ts';
import { COUNT_MAX, DiscountType, DiscountValue, ProfileParam } from '../schemas.ts';

export const CouponSchema = Type.Object({
  code: Type.String(),
  discount_type: DiscountType,
  discount_value: Type.Integer(),
  created_at: IsoInstant,
  ends_at: NullableInstant,
  description: NullableString,
  nb_attempts: Type.Union([Type.Integer(), Type.Null()], { description: 'Uses left; null for no limit' }),
  plan: Type.Union([PlanSummarySchema, Type.Null()], {
    description: 'The only plan that it applies to; null for all plans of the provider',
  }),
});
export type CouponReply = Static<typeof CouponSchema>;
export const CouponPage = PageOf(CouponSchema);

/** Longer than a code, since blanks and invisible characters are removed before the code is checked. */
const CouponCode = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'Up to 50 letters, digits, hyphens or underscores; blanks are ignored',
});

const couponFields = {
  ends_at: Type.Optional(
    Type.Union([Type.String({ maxLength: 64 }), Type.Null()], { description: 'ISO 8601; null for never' }),
  ),
  description: Type.Optional(Type.Union([Type.String({ maxLength: 1000 }), Type.Null()])),
  nb_attempts: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: COUNT_MAX }), Type.Null()])),
  plan: Type.Optional(Type.Union([Type.String({ maxLength: 50 }), Type.Null()])),
};

export const NewCouponBody = Type.Object({
  code: CouponCode,
  discount_type: DiscountType,
  discount_value: DiscountValue,
  ...couponFields,
});
export const CouponChangeBody = Type.Object({
  code: Type.Optional(CouponCode),
  discount_type: Type.Optional(DiscountType),
  discount_value: Type.Optional(DiscountValue),
  ...couponFields,
});
export type CouponInput = Static<typeof CouponChangeBody>;

export const CouponParams = Type.Object({
  profile: ProfileParam,
  coupon: Type.String({ minLength: 1, maxLength: 200 }),
});
