import { type Static, Type } from 'typebox';
import { balanceFields } from '#ledger';
import { IsoInstant, NullableString, PageOf } from '#platform/http/schemas';

const charge_fields = {
  created_at: IsoInstant,
  amount: Type.Integer({ description: 'In 1/100 of unit' }),
  unit: Type.String({ description: 'ISO 4217, lower case' }),
  readable_amount: Type.String(),
  description: Type.String(),
  last4: Type.String({ description: 'Last digits of the card, empty when unknown' }),
  exp_date: NullableString,
  processor_key: Type.String({ description: 'Key of the charge at the payment processor, and its handle here' }),
  state: Type.Enum(['created', 'done', 'failed', 'disputed']),
};

/** A charge as the API shows it. `exp_date` is the first day of the month in which the card expires. */
export const ChargeSchema = Type.Object(
  { ...charge_fields, detail: Type.Optional(Type.String()) },
  { title: 'Charge' },
);
export type ChargeBody = Static<typeof ChargeSchema>;

export const ChargePage = Type.Object({ ...balanceFields, ...PageOf(ChargeSchema).properties });

export const ReceiptCopySchema = Type.Object({
  charge_id: Type.String(),
  email: Type.String(),
  detail: Type.String(),
});

export const RefundBody = Type.Object({
  lines: Type.Array(
    Type.Object({
      num: Type.Integer({ minimum: 0, maximum: 32_000, description: 'Place of the line on the charge, from 0' }),
      refunded_amount: Type.Optional(
        Type.Integer({ minimum: 1, description: 'In 1/100 of the unit of the charge; all that is left when absent' }),
      ),
    }),
    { minItems: 1, maxItems: 100 },
  ),
});

/** Keys with which the browser talks to the payment processor. */
export const BrowserKeysSchema = Type.Object({
  STRIPE_PUB_KEY: NullableString,
  STRIPE_INTENT_SECRET: NullableString,
  STRIPE_ACCOUNT: NullableString,
});

/** The card on file; without one, neither digits nor date. `processor` is null unless it was asked for. */
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
  token: Type.String({ minLength: 1, maxLength: 255, description: 'From the payment processor, good once' }),
  full_name: text(100),
  email: text(254),
  phone: text(50),
  street_address: text(150),
  locality: text(50),
  region: text(50),
  postal_code: text(50),
  country: text(2),
});

export const BankSchema = Type.Object(
  {
    bank_name: Type.String(),
    last4: Type.String(),
    balance_amount: Type.Integer({ description: 'What can be paid out, in 1/100 of balance_unit' }),
    balance_unit: Type.String({ description: 'ISO 4217, lower case' }),
  },
  { title: 'Bank' },
);
export type BankBody = Static<typeof BankSchema>;
