import { Type } from 'typebox';
import { discountTypes } from './discount.ts';

/** Upper bound of an amount in 1/100 of the unit: the price of a thousand periods remains a safe integer. */
export const AMOUNT_MAX = 100_000_000_000;
export const COUNT_MAX = 1_000_000_000;

export const DiscountType = Type.Enum([...discountTypes], { description: 'percentage, currency or period' });
export const DiscountValue = Type.Integer({
  minimum: 0,
  maximum: AMOUNT_MAX,
  description: 'Unit by discount_type: 1/100 of a percent, 1/100 of the unit of the plan, or plan periods',
});

export const ProfileParam = Type.String({ minLength: 1, maxLength: 150 });
export const ProfileParams = Type.Object({ profile: ProfileParam });
