import { Type } from 'typebox';
import type { FieldMessages } from '#kernel/problem';

/** Profile that a page is about; the layout derives the links of the organization from `slug`. */
export const PayerPart = Type.Object({ slug: Type.String(), printable_name: Type.String() });

/** `amount` is in 1/100 of `unit`. */
export const MoneyPart = Type.Object({ amount: Type.Integer(), unit: Type.String() });

/** Card on file, `exp_date` as `MM/YYYY`; null without one. */
export const SavedCardPart = Type.Union([Type.Object({ last4: Type.String(), exp_date: Type.String() }), Type.Null()]);

/** Members of a page that shows a form again after a refusal. */
export const refusedFormParts = {
  detail: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Unsafe<FieldMessages>(Type.Record(Type.String(), Type.Array(Type.String())))),
};

export const payerSample = { slug: 'ada', printable_name: 'Ada Lovelace' };
export const savedCardSample = { last4: '4242', exp_date: '12/2030' };
