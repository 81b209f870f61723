import { Type } from 'typebox';
import { TransactionSchema } from '#ledger';
import { IsoInstant, NullableInstant, NullableString } from '#platform/http/schemas';
import { BrowserKeysSchema } from '#payments';
import { ProfileSummarySchema } from '#profiles';

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
  detail: NullableString,
});

const wish = {
  option: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  quantity: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  sync_on: Type.Optional(Type.Union([Type.String({ maxLength: 254 }), Type.Null()])),
  full_name: Type.Optional(Type.String({ maxLength: 150 })),
  email: Type.Optional(Type.Union([Type.String({ maxLength: 254 }), Type.Null()])),
};
const use = Type.Optional(Type.Union([Type.String({ maxLength: 50 }), Type.Null()]));

export const CartWishSchema = Type.Object({ plan: Type.String({ minLength: 1, maxLength: 50 }), use, ...wish });

/** One wish, or up to a hundred at once. */
export const CartBodySchema = Type.Union([CartWishSchema, Type.Array(CartWishSchema, { minItems: 1, maxItems: 100 })]);

export const BrokerCartBodySchema = Type.Object({
  user: Type.String({ minLength: 1, maxLength: 150 }),
  plan: Type.String({ minLength: 1, maxLength: 50 }),
  use,
  ...wish,
});

export const CartItemBodySchema = Type.Object({
  ...wish,
  use: Type.Optional(
    Type.Union([Type.Integer(), Type.String({ maxLength: 50 }), Type.Null()], {
      description: 'A use charge of the plan, by id or slug; null for the plan itself',
    }),
  ),
});

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

const CheckoutSubscriptionSchema = Type.Object({
  created_at: NullableInstant,
  ends_at: NullableInstant,
  description: NullableString,
  profile: ProfileSummarySchema,
  plan: PlanSummarySchema,
  auto_renew: Type.Boolean(),
  extra: Type.Unsafe<unknown>({}),
  grant_key: NullableString,
  request_key: NullableString,
  app_url: Type.String(),
});

export const CheckoutSchema = Type.Object({
  processor: BrowserKeysSchema,
  cart_version: Type.String({ description: 'Names what is shown; pass it on to be refused when it has changed' }),
  results: Type.Array(
    Type.Object({
      subscription: CheckoutSubscriptionSchema,
      lines: Type.Array(TransactionSchema),
      options: Type.Array(TransactionSchema),
    }),
  ),
});

export const CheckoutBodySchema = Type.Object({
  items: Type.Optional(
    Type.Array(
      Type.Object({
        option: Type.Integer({ minimum: 0, maximum: 1000 }),
        plan: Type.Optional(
          Type.String({ maxLength: 200, description: 'Checked: the plan of the line that the option is for' }),
        ),
      }),
      { maxItems: 200 },
    ),
  ),
  remember_card: Type.Optional(Type.Boolean()),
  processor_token: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  cart_version: Type.Optional(Type.String({ maxLength: 64 })),
  street_address: Type.Optional(Type.String({ maxLength: 150 })),
  locality: Type.Optional(Type.String({ maxLength: 50 })),
  region: Type.Optional(Type.String({ maxLength: 50 })),
  postal_code: Type.Optional(Type.String({ maxLength: 50 })),
  country: Type.Optional(Type.String({ maxLength: 2 })),
});
