import { Type } from 'typebox';
import { IsoInstant, NullableString, SlugParam } from '#platform/http/schemas';
import { CheckoutSchema } from '../checkout/index.ts';

export const CodeParams = Type.Object({ claim_code: Type.String({ minLength: 1, maxLength: 100 }) });

export const CollectParams = Type.Object({ profile: SlugParam, ...CodeParams.properties });

/** Members of a charge, for an order that no charge pays yet. */
const unpaid_fields = {
  claim_code: Type.String({ description: 'Pays the order without an account: keep it as secret as the order' }),
  created_at: IsoInstant,
  amount: Type.Integer({ description: 'In 1/100 of unit' }),
  unit: Type.String({ description: 'ISO 4217, lower case' }),
  readable_amount: Type.String(),
  description: Type.String(),
  last4: Type.String({ description: 'Empty: no card was charged' }),
  exp_date: NullableString,
  processor_key: Type.Null({ description: 'No charge pays the order yet' }),
  state: Type.Enum(['created', 'done']),
};

/** An order that was placed without paying, with the members of a charge. */
export const UnpaidChargeSchema = Type.Object(unpaid_fields, { title: 'UnpaidCharge' });

export const LinkSchema = Type.Object({
  ...unpaid_fields,
  amount_due: Type.Integer({ description: 'In 1/100 of unit; 0 once the order is paid' }),
  ...CheckoutSchema.properties,
});

export const PayLinkBody = Type.Object({
  processor_token: Type.Optional(
    Type.Union([Type.String({ maxLength: 255 }), Type.Null()], {
      description: 'Card of the caller; only managers of the payer may leave it out, to use the card on file',
    }),
  ),
  remember_card: Type.Optional(
    Type.Boolean({ description: 'Stores the card for the payer; only for managers of the payer' }),
  ),
});

export const CollectBody = Type.Union([
  Type.Null(),
  Type.Object({
    amount: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
        description: 'In 1/100 of the unit; all that is due when omitted',
      }),
    ),
    paid: Type.Optional(Type.Boolean({ description: 'false writes the amount off; true when omitted' })),
  }),
]);
