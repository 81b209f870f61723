import { type Static, Type } from 'typebox';
import { Detail, IsoInstant, PageOf, SlugParam } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';
import { GIVEN_AMOUNT_MAX } from './give-credit.ts';

export const CreditParams = Type.Object({ profile: SlugParam });

export const LotParams = Type.Object({
  profile: SlugParam,
  number: Type.String({ pattern: '^[0-9]{1,15}$', description: 'Number of the credit' }),
});

const Unit = Type.String({ pattern: '^[a-z]{3}$', description: 'ISO 4217, lower case' });

/** A lot of credit in the API. */
export const CreditSchema = Type.Object(
  {
    number: Type.Integer(),
    provider: { ...ProfileSummarySchema, description: 'Owes the credit in future service' },
    unit: Unit,
    amount: Type.Integer({ description: 'In 1/100 of unit' }),
    balance: Type.Integer({ description: 'What is left' }),
    refundable: Type.Boolean({ description: 'True if it can be paid out to a card' }),
    description: Type.String(),
    source: Type.Union([Type.String(), Type.Null()], {
      description: 'Number of the invoice that the credit comes from; null if the provider gave it',
    }),
    created_at: IsoInstant,
  },
  { title: 'Credit' },
);
export type CreditBody = Static<typeof CreditSchema>;

export const CreditPage = Type.Object({
  ...PageOf(CreditSchema).properties,
  totals: Type.Array(
    Type.Object({
      provider: ProfileSummarySchema,
      amount: Type.Integer({ description: 'In 1/100 of unit' }),
      unit: Unit,
    }),
    { description: 'What is left, by provider and unit' },
  ),
});

export const GiftBody = Type.Object({
  amount: Type.Integer({ minimum: 1, maximum: GIVEN_AMOUNT_MAX, description: 'In 1/100 of unit' }),
  unit: Unit,
  descr: Type.String({ minLength: 1, maxLength: 200, description: 'Shown to the subscriber' }),
  provider: Type.Optional({
    ...SlugParam,
    description: 'Provider that gives the credit; required for a caller who manages several',
  }),
});

export const PayoutBody = Type.Object({
  amount: Type.Optional(
    Type.Union([
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'In 1/100 of the unit of the credit; all that is left when omitted',
      }),
      Type.Null(),
    ]),
  ),
});

export const PayoutReply = Type.Object({ ...Detail.properties, ...CreditSchema.properties });
