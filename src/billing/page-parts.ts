import { Type } from 'typebox';
import type { FieldMessages } from '#kernel/problem';

/** Profile that a page is about; the layout derives the links of the organization from `slug`. */
export const PayerPart = Type.Object({ slug: Type.String(), printable_name: Type.String() });

/** `amount` is in 1/100 of `unit`. */
export const MoneyPart = Type.Object({ amount: Type.Integer(), unit: Type.String() });

/** Card on file, `exp_date` as `MM/YYYY`; null without one. */
export const SavedCardPart = Type.Union([Type.Object({ last4: Type.String(), exp_date: Type.String() }), Type.Null()]);

/**
 * Card form of the processor's script, which `tg-card-element` draws; null if the form has fields of its own. `amount`
 * is in the smallest unit of the currency at the processor; null to keep a card.
 */
export const CardElementPart = Type.Union([
  Type.Object({
    script_url: Type.String(),
    publishable_key: Type.String(),
    account: Type.String(),
    amount: Type.Union([Type.Integer(), Type.Null()]),
    unit: Type.String(),
  }),
  Type.Null(),
]);

/** Members of a page with a card form. */
export const cardFormParts = {
  /** True if the form sends the fields of the card to Tollgate, as the test processor does. */
  test_cards: Type.Boolean(),
  card_element: CardElementPart,
  /** Hidden field of the form: a form that is sent twice keeps the card once. */
  form_key: Type.String(),
};
export const cardFormSample = { test_cards: true, card_element: null, form_key: '4f1c' };
/** Card form of a processor with a script. */
export const cardElementSample = {
  // Loads nothing: the gallery shows the message about it.
  script_url: '',
  publishable_key: 'pk_test_sample',
  account: '',
  amount: 2900,
  unit: 'usd',
};

/** Members of a page that shows a form again after a refusal. */
export const refusedFormParts = {
  detail: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Unsafe<FieldMessages>(Type.Record(Type.String(), Type.Array(Type.String())))),
};

export const payerSample = { slug: 'ada', printable_name: 'Ada Lovelace' };
export const savedCardSample = { last4: '4242', exp_date: '12/2030' };
