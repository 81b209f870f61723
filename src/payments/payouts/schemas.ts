import { type Static, Type } from 'typebox';

export const BankSchema = Type.Object(
  {
    bank_name: Type.String(),
    last4: Type.String(),
    balance_amount: Type.Integer({ description: 'Amount that can be paid out, in 1/100 of balance_unit' }),
    balance_unit: Type.String({ description: 'ISO 4217, lower case' }),
  },
  { title: 'Bank' },
);
export type BankBody = Static<typeof BankSchema>;
