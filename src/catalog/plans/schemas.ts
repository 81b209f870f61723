import { type Static, Type } from 'typebox';
import { ProfileSummarySchema } from '#profiles';
import { periodTypes } from '#kernel/period';
import { Extra, IsoInstant, listQuerystring, NullableString, PageOf } from '#platform/http/schemas';
import { AMOUNT_MAX, COUNT_MAX, DiscountType, DiscountValue, ProfileParam } from '../schemas.ts';
import { planList } from './plan-store.ts';
import { cancelRefunds, changeModes, termsMax } from './plan-terms.ts';
import { renewalTypes } from './plan.ts';

const USE_AMOUNT_MAX = 1_000_000_000;

const Slug = Type.String({ pattern: '^[-A-Za-z0-9_]{1,50}$', description: 'Unique identifier shown in the URL bar' });

/** The fields of a plan that other rooms show. */
export const PlanSummarySchema = Type.Object({ slug: Type.String(), title: Type.String() });

const AdvanceDiscountSchema = Type.Object({
  discount_type: DiscountType,
  discount_value: Type.Integer(),
  length: Type.Integer({ description: 'Plan periods paid in advance' }),
});

const ChangeModeSchema = Type.Enum([...changeModes]);
const CancelRefundSchema = Type.Enum([...cancelRefunds], {
  description: 'What a subscriber may choose at a cancellation with immediate effect, beside none',
});

/** Terms for running subscriptions, as responses have them. */
const termsFields = {
  change_modes: Type.Object(
    { upgrade: ChangeModeSchema, downgrade: ChangeModeSchema, crossgrade: ChangeModeSchema },
    { description: 'What a change to this plan does, by its direction' },
  ),
  tier: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Decides the direction of a change alone when both plans have one',
  }),
  pause_days_max: Type.Integer({ description: 'Longest pause of a subscriber in days; 0: not offered' }),
  trial_days: Type.Integer({ description: 'Days of the trial; 0: none' }),
  trial_requires_card: Type.Boolean({ description: 'A trial begins with a card, which is charged at its end' }),
  quantity_min: Type.Integer(),
  quantity_max: Type.Union([Type.Integer(), Type.Null()], { description: 'Null: not sold by quantity' }),
  counts_people: Type.Boolean({ description: 'The quantity is not less than the people in roles of the subscriber' }),
  cancel_refund: CancelRefundSchema,
  money_back_days: Type.Integer({ description: 'Days in which a subscriber may choose a full refund; 0: not offered' }),
};

/** The same terms, as bodies set them. */
const termsInput = {
  change_modes: Type.Optional(
    Type.Object(
      {
        upgrade: Type.Optional(ChangeModeSchema),
        downgrade: Type.Optional(ChangeModeSchema),
        crossgrade: Type.Optional(ChangeModeSchema),
      },
      { description: 'What a change to this plan does, by its direction. Omitted members: unchanged.' },
    ),
  ),
  tier: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: termsMax.tier }), Type.Null()])),
  pause_days_max: Type.Optional(Type.Integer({ minimum: 0, maximum: termsMax.pause_days })),
  trial_days: Type.Optional(Type.Integer({ minimum: 0, maximum: termsMax.trial_days })),
  trial_requires_card: Type.Optional(Type.Boolean()),
  quantity_min: Type.Optional(Type.Integer({ minimum: 1, maximum: termsMax.quantity })),
  quantity_max: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: termsMax.quantity }), Type.Null()])),
  counts_people: Type.Optional(Type.Boolean()),
  cancel_refund: Type.Optional(CancelRefundSchema),
  money_back_days: Type.Optional(Type.Integer({ minimum: 0, maximum: termsMax.money_back_days })),
};

const UseChargeSchema = Type.Object({
  slug: Type.String(),
  title: Type.String(),
  description: Type.String(),
  created_at: IsoInstant,
  use_amount: Type.Integer({ description: 'Price of one use, in 1/100 of the unit' }),
  quota: Type.Integer({ description: 'Free uses in each plan period' }),
  maximum_limit: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Uses in one plan period at which the provider is notified; null or 0 for never',
  }),
  extra: Extra,
});

export const PlanSchema = Type.Object({
  slug: Type.String(),
  title: Type.String(),
  description: Type.String(),
  is_active: Type.Boolean({ description: 'Customers can subscribe to the plan' }),
  setup_amount: Type.Integer({ description: 'One-time amount of a new subscription, in 1/100 of the unit' }),
  period_amount: Type.Integer({ description: 'Amount of each plan period, in 1/100 of the unit' }),
  period_type: Type.Enum([...periodTypes], { description: 'Natural period of the plan' }),
  advance_discounts: Type.Array(AdvanceDiscountSchema),
  use_charges: Type.Array(UseChargeSchema),
  unit: Type.String({ description: 'Three-letter ISO 4217 code, lower case' }),
  profile: ProfileSummarySchema,
  extra: Extra,
  period_length: Type.Integer({ description: 'Natural periods in a plan period' }),
  renewal_type: Type.Enum([...renewalTypes]),
  is_not_priced: Type.Boolean({ description: 'Shows a contact link instead of a price' }),
  unlock_event: NullableString,
  created_at: IsoInstant,
  skip_optin_on_grant: Type.Boolean({ description: 'A subscription granted to a customer needs no consent' }),
  optin_on_request: Type.Boolean({ description: 'The provider has to accept each subscriber' }),
  ...termsFields,
  discounted_period_amount: Type.Integer({ description: 'Amount of the first period with the coupon in the cart' }),
  is_cart_item: Type.Boolean({ description: "The plan is in the caller's cart" }),
  trial_available: Type.Boolean({
    description: 'A first subscription of the caller begins with a trial: no profile of the caller had the plan',
  }),
  detail: Type.Optional(Type.String()),
});
export type PlanReply = Static<typeof PlanSchema>;
export const PlanPage = PageOf(PlanSchema);

const Title = Type.String({ minLength: 1, maxLength: 50 });
const Description = Type.String({ maxLength: 10_000 });

const planFields = {
  slug: Type.Optional(Slug),
  description: Type.Optional(Description),
  is_active: Type.Optional(Type.Boolean()),
  setup_amount: Type.Optional(Type.Integer({ minimum: 0, maximum: AMOUNT_MAX })),
  period_amount: Type.Optional(Type.Integer({ minimum: 0, maximum: AMOUNT_MAX })),
  period_type: Type.Optional(Type.Enum([...periodTypes])),
  period_length: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  advance_discounts: Type.Optional(
    Type.Array(
      Type.Object({
        discount_type: DiscountType,
        discount_value: Type.Optional(DiscountValue),
        length: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
      }),
      { maxItems: 50, description: 'Omitted: unchanged. Empty: none.' },
    ),
  ),
  use_charges: Type.Optional(
    Type.Array(
      Type.Object({
        slug: Slug,
        title: Type.Optional(Title),
        description: Type.Optional(Description),
        use_amount: Type.Optional(Type.Integer({ minimum: 0, maximum: USE_AMOUNT_MAX })),
        quota: Type.Optional(Type.Integer({ minimum: 0, maximum: COUNT_MAX })),
        maximum_limit: Type.Optional(
          Type.Union([Type.Integer({ minimum: 0, maximum: COUNT_MAX }), Type.Null()], {
            description: 'Uses in one plan period at which the provider is notified; null or 0 for never',
          }),
        ),
        extra: Type.Optional(Extra),
      }),
      { maxItems: 50, description: 'Matched by slug. Omitted: unchanged. Empty: none.' },
    ),
  ),
  unit: Type.Optional(Type.String({ pattern: '^[A-Za-z]{3}$' })),
  extra: Type.Optional(Extra),
  renewal_type: Type.Optional(Type.Enum([...renewalTypes])),
  is_not_priced: Type.Optional(Type.Boolean()),
  is_personal: Type.Optional(Type.Boolean({ description: 'Only persons can subscribe, not organizations' })),
  unlock_event: Type.Optional(Type.Union([Type.String({ maxLength: 128 }), Type.Null()])),
  skip_optin_on_grant: Type.Optional(Type.Boolean()),
  optin_on_request: Type.Optional(Type.Boolean()),
  ...termsInput,
  broker_fee_percent: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 10_000,
      description: 'Set by managers of the site, in 1/100 of a percent',
    }),
  ),
};

export const NewPlanBody = Type.Object({ title: Title, ...planFields });
export const PlanChangeBody = Type.Object({ title: Type.Optional(Title), ...planFields });
export type PlanInput = Static<typeof PlanChangeBody>;

export const PlansQuerystring = Type.Object({
  ...listQuerystring(planList).properties,
  active: Type.Optional(Type.String({ maxLength: 5, description: 'true or false' })),
});

export const PlanParams = Type.Object({ profile: ProfileParam, plan: Type.String({ minLength: 1, maxLength: 50 }) });
