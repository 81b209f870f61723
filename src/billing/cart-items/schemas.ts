import { Type } from 'typebox';
import { cartWishFields, UseSlugSchema } from '../cart/index.ts';

export const BrokerCartBodySchema = Type.Object({
  user: Type.String({ minLength: 1, maxLength: 150 }),
  plan: Type.String({ minLength: 1, maxLength: 50 }),
  use: UseSlugSchema,
  ...cartWishFields,
});

export const CartItemBodySchema = Type.Object({
  ...cartWishFields,
  use: Type.Optional(
    Type.Union([Type.Integer(), Type.String({ maxLength: 50 }), Type.Null()], {
      description: 'A use charge of the plan, by id or slug; null for the plan itself',
    }),
  ),
});
