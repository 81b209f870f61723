import { type Static, Type } from 'typebox';
import { balanceFields } from '#ledger';
import { IsoInstant, NullableString, PageOf, SlugParam } from '#platform/http/schemas';

/** Path of one charge of a profile. */
export const ChargeParams = Type.Object({ profile: SlugParam, charge: Type.String({ minLength: 1, maxLength: 255 }) });
/** Path of a charge without its customer. */
export const ChargeKeyParams = Type.Pick(ChargeParams, ['charge']);

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

/** A charge in the API. `exp_date` is the first day of the month in which the card expires. */
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
