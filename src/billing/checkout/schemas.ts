import { Type } from 'typebox';
import { TransactionSchema } from '#ledger';
import { NullableInstant, NullableString } from '#platform/http/schemas';
import { BrowserKeysSchema } from '#payments';
import { ProfileSummarySchema } from '#profiles';

const PlanSummarySchema = Type.Object({ slug: Type.String(), title: Type.String() });

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
  cart_version: Type.String({
    description: 'Hash of the lines and options; a checkout with it is refused if they have changed',
  }),
  credit: Type.Object(
    { amount: Type.Integer({ description: 'In 1/100 of unit' }), unit: Type.String() },
    { description: 'What credit of the profile will pay of the lines, before a card' },
  ),
  results: Type.Array(
    Type.Object({
      subscription: CheckoutSubscriptionSchema,
      trial_available: Type.Boolean({ description: 'The profile may begin the plan with a trial' }),
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
