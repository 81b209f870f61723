import { Type } from 'typebox';
import { newItemFields, UseSlugSchema } from '../cart/index.ts';

export const BrokerCartBodySchema = Type.Object({
  user: Type.String({ minLength: 1, maxLength: 150 }),
  plan: Type.String({ minLength: 1, maxLength: 50 }),
  use: UseSlugSchema,
  ...newItemFields,
});

export const CartItemBodySchema = Type.Object({
  ...newItemFields,
  use: Type.Optional(
    Type.Union([Type.Integer(), Type.String({ maxLength: 50 }), Type.Null()], {
      description: 'A use charge of the plan, by id or slug; null for the plan itself',
    }),
  ),
});
