import { type Static, Type } from 'typebox';
import { NullableString } from '#platform/http/schemas';

/** Keys with which the browser calls the payment processor. */
export const BrowserKeysSchema = Type.Object({
  STRIPE_PUB_KEY: NullableString,
  STRIPE_INTENT_SECRET: NullableString,
  STRIPE_ACCOUNT: NullableString,
});

/** The card on file; `last4` and `exp_date` are absent without one. `processor` is null unless `update=1`. */
export const CardSchema = Type.Object(
  {
    processor: Type.Optional(Type.Union([BrowserKeysSchema, Type.Null()])),
    last4: Type.Optional(Type.String()),
    exp_date: Type.Optional(Type.String({ description: 'MM/YYYY' })),
    detail: Type.Optional(Type.String()),
  },
  { title: 'Card' },
);
export type CardBody = Static<typeof CardSchema>;

const text = (maxLength: number) => Type.Optional(Type.String({ maxLength }));
export const CardUpdate = Type.Object({
  token: Type.String({ minLength: 1, maxLength: 255, description: 'Single-use token of the payment processor' }),
  full_name: text(100),
  email: text(254),
  phone: text(50),
  street_address: text(150),
  locality: text(50),
  region: text(50),
  postal_code: text(50),
  country: text(2),
});
