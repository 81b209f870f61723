import { Type } from 'typebox';

export const RefundBody = Type.Object({
  lines: Type.Array(
    Type.Object({
      num: Type.Integer({ minimum: 0, maximum: 32_000, description: 'Place of the line on the charge, from 0' }),
      refunded_amount: Type.Optional(
        Type.Integer({
          minimum: 1,
          description: 'In 1/100 of the unit of the charge; the rest of the line when omitted',
        }),
      ),
    }),
    { minItems: 1, maxItems: 100 },
  ),
});
