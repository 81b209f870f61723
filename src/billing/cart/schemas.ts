import { Type } from 'typebox';
import { IsoInstant, NullableString } from '#platform/http/schemas';

const PlanSummarySchema = Type.Object({ slug: Type.String(), title: Type.String() });

const CartUserSchema = Type.Object({
  slug: Type.String(),
  username: Type.String(),
  printable_name: Type.String(),
  picture: NullableString,
});

export const CartItemSchema = Type.Object({
  id: Type.Optional(Type.Integer()),
  created_at: IsoInstant,
  user: Type.Optional(CartUserSchema),
  claim_code: NullableString,
  plan: PlanSummarySchema,
  option: Type.Integer({ description: 'Which of the options is taken, from 1; 0 while undecided' }),
  use: Type.Union([Type.Integer(), Type.Null()], { description: 'Identifies the use charge of the item' }),
  quantity: Type.Integer(),
  sync_on: NullableString,
  full_name: Type.String(),
  email: NullableString,
  trial_available: Type.Optional(
    Type.Boolean({ description: 'The item begins with a trial of the plan: nothing is due for the plan now' }),
  ),
  detail: NullableString,
});

export const newItemFields = {
  option: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  quantity: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  sync_on: Type.Optional(Type.Union([Type.String({ maxLength: 254 }), Type.Null()])),
  full_name: Type.Optional(Type.String({ maxLength: 150 })),
  email: Type.Optional(Type.Union([Type.String({ maxLength: 254 }), Type.Null()])),
};
export const UseSlugSchema = Type.Optional(Type.Union([Type.String({ maxLength: 50 }), Type.Null()]));

export const NewCartItemSchema = Type.Object({
  plan: Type.String({ minLength: 1, maxLength: 50 }),
  use: UseSlugSchema,
  ...newItemFields,
});

/** One item, or 1 to 100 items. */
export const CartBodySchema = Type.Union([
  NewCartItemSchema,
  Type.Array(NewCartItemSchema, { minItems: 1, maxItems: 100 }),
]);

/** Without a filter the whole cart is cleared, so an empty or misspelled filter is refused. */
export const CartQuerySchema = Type.Object(
  {
    plan: Type.Optional(Type.String({ minLength: 1, maxLength: 50 })),
    email: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
  },
  { additionalProperties: false },
);

export const RemoveCouponQuerySchema = Type.Object({ code: Type.Optional(Type.String({ maxLength: 200 })) });

/** The cart after a coupon was applied or removed: the response shows its new prices. */
export const CartCouponSchema = Type.Object({ detail: Type.String(), items: Type.Array(CartItemSchema) });

export const RedeemBodySchema = Type.Object({ code: Type.String({ minLength: 1, maxLength: 200 }) });

const FailedRowSchema = Type.Object({
  data: Type.Object({ raw: Type.Array(Type.String()) }),
  error: Type.Union([Type.String(), Type.Record(Type.String(), Type.Array(Type.String()))]),
});
export const UploadSchema = Type.Object({
  created: Type.Array(CartItemSchema),
  updated: Type.Array(CartItemSchema),
  failed: Type.Array(FailedRowSchema),
});
