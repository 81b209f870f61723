import { invalidInput } from '#kernel/problem';
import type { FormContext } from '#platform/pages/forms/field';
import { choice, date, optional, text } from '#platform/pages/forms/fields';
import { defineForm } from '#platform/pages/forms/form';
import { wholeNumber } from '#platform/pages/forms/number-fields';
import { readDiscountText, writeDiscountText } from '../discount-text.ts';
import type { DiscountType } from '../discount.ts';
import type { NewCouponInput } from './create-coupon.ts';
import type { Coupon } from './coupon.ts';

export const couponForm = defineForm({
  code: text({
    label: 'Code',
    length_max: 200,
    help: 'Letters, digits, hyphens and underscores; case does not count.',
  }),
  discount_type: choice<DiscountType>({
    label: 'Kind of discount',
    choices: [
      { value: 'percentage', label: 'Percentage' },
      { value: 'currency', label: 'Amount', note: 'In the currency of the plan.' },
      { value: 'period', label: 'Free periods' },
    ],
  }),
  discount_value: text({ label: 'Saves', length_max: 40, help: 'For example 10 percent, 5.00 or 2 periods.' }),
  plan: choice({ label: 'Plan' }),
  ends_at: optional(date({ label: 'Last day', bound: 'after', help: 'Empty: it has no end.' })),
  nb_attempts: optional(wholeNumber({ label: 'Uses left', help: 'Empty: no limit.' })),
  description: text({ label: 'Note', optional: true, length_max: 1000, help: 'Only your team sees it.' }),
});

interface CouponFormInput {
  code: string;
  discount_type: DiscountType;
  discount_value: string;
  plan: string;
  ends_at: Date | null;
  nb_attempts: number | null;
  description: string;
}

/** Value of the choice of no single plan; an empty text would be no choice. */
export const ALL_PLANS = '*';

export function couponValues(coupon: Coupon, plan: string | null, { locale }: FormContext): CouponFormInput {
  const { code, discount_type, discount_value, ends_at, nb_attempts, description } = coupon;
  return {
    code,
    discount_type,
    discount_value: writeDiscountText(discount_type, discount_value, locale),
    plan: plan ?? ALL_PLANS,
    ends_at,
    nb_attempts,
    description: description ?? '',
  };
}

/** Reads a posted form into the input of a coupon. @throws invalid_input (400) */
export function readCouponForm(body: unknown, context: FormContext): NewCouponInput {
  const values: CouponFormInput = couponForm.read(body, context);
  const { discount_value: typed, plan, ends_at, description, ...fields } = values;
  const discount_value = readDiscountText(typed, fields.discount_type, context.locale);
  if (discount_value === null) {
    const like = fields.discount_type === 'period' ? 'Write a whole number, like 2.' : 'Write it like 10.00.';
    throw invalidInput({ discount_value: [like] });
  }
  return {
    ...fields,
    discount_value,
    plan: plan === ALL_PLANS ? null : plan,
    ends_at: ends_at?.toISOString() ?? null,
    description: description === '' ? null : description,
  };
}
