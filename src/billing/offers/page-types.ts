import { type Static, Type } from 'typebox';
import { defaultTerms, PlanSchema, presentTerms } from '#catalog';
import { invalidInput } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { ConflictView } from '#platform/pages/forms/conflict-view';
import { form_view } from '#platform/pages/forms/form';
import { inPlaceForm } from './edit-in-place.ts';

const NullableInteger = Type.Union([Type.Integer(), Type.Null()]);

const PricedPlanPart = Type.Object({
  ...PlanSchema.properties,
  /** The price that the page shows, in 1/100 of the unit: of one plan period, or of `periods_count` natural periods. */
  price: Type.Object({
    amount: Type.Integer(),
    full_amount: Type.Integer(),
    periods_count: NullableInteger,
    /** Number of the option that the button chooses; null for none. */
    option: NullableInteger,
  }),
  /** Price of 12 months, on the monthly page, or null; `month_amount` is null when it is not exact. */
  yearly: Type.Union([
    Type.Object({ amount: Type.Integer(), periods_count: Type.Integer(), month_amount: NullableInteger }),
    Type.Null(),
  ]),
  /** The plan is held by a profile of the reader; `href` manages it. */
  held: Type.Union([Type.Object({ ends_at: Type.Unsafe<Date>({}), href: Type.String() }), Type.Null()]),
  /** The page with the form of the plan in its place, for a manager of its provider; null for others. */
  edit_url: Type.Union([Type.String(), Type.Null()]),
  /** True for a card, false for a row. */
  is_card: Type.Boolean(),
  /** The description without the lines that are features. */
  lead: Type.String(),
  features: Type.Array(Type.String()),
});
export type PricedPlan = Static<typeof PricedPlanPart>;

/** Switch between monthly and yearly prices. */
const PeriodSwitchPart = Type.Object({
  is_yearly: Type.Boolean(),
  monthly_url: Type.String(),
  yearly_url: Type.String(),
  /** Highest discount of a year, in basis points. */
  reduction_bps: Type.Integer(),
});
export type PeriodSwitch = Static<typeof PeriodSwitchPart>;

const offered: Static<typeof PlanSchema> = {
  slug: 'basic',
  title: 'Basic',
  description: 'A place to drop in.',
  is_active: true,
  setup_amount: 1000,
  period_amount: 2000,
  period_type: 'monthly',
  advance_discounts: [
    { discount_type: 'percentage', discount_value: 1000, length: 3 },
    { discount_type: 'currency', discount_value: 500, length: 6 },
    { discount_type: 'period', discount_value: 2, length: 12 },
  ],
  use_charges: [
    {
      slug: 'requests',
      title: 'Requests',
      description: '',
      created_at: '2026-01-01T00:00:00.000Z',
      use_amount: 10,
      quota: 100,
      maximum_limit: null,
      extra: null,
    },
  ],
  unit: 'usd',
  profile: {
    slug: 'cowork',
    printable_name: 'Coworking Space',
    picture: null,
    type: 'organization',
    credentials: false,
    created_at: '2026-01-01T00:00:00.000Z',
  },
  extra: null,
  period_length: 1,
  renewal_type: 'auto-renew',
  is_not_priced: false,
  unlock_event: null,
  created_at: '2026-01-01T00:00:00.000Z',
  skip_optin_on_grant: false,
  optin_on_request: false,
  ...presentTerms(defaultTerms),
  discounted_period_amount: 2000,
  is_cart_item: false,
  trial_available: false,
};

const plan: PricedPlan = {
  ...offered,
  price: { amount: 2000, full_amount: 2000, periods_count: null, option: null },
  yearly: { amount: 20_400, periods_count: 12, month_amount: 1700 },
  held: null,
  edit_url: null,
  is_card: true,
  lead: 'A place to drop in.',
  features: ['10 days a month at any desk', 'Coffee and fast Wi-Fi'],
};
const name_long = 'Großraumbüro mit Blick auf den Botanischen Garten und Zugang zu allen Besprechungsräumen '
  .repeat(2)
  .trim();
const premium: PricedPlan = {
  ...plan,
  slug: 'premium',
  title: 'Premium',
  lead: 'A place every day, mail handling and meeting rooms.',
  features: [],
  setup_amount: 0,
};
const free: PricedPlan = {
  ...plan,
  slug: 'free',
  title: 'Free',
  period_amount: 0,
  price: { ...plan.price, amount: 0, full_amount: 0 },
  yearly: null,
  advance_discounts: [],
  optin_on_request: true,
};
const enterprise: PricedPlan = {
  ...plan,
  slug: 'enterprise',
  title: 'Enterprise',
  lead: 'For large organizations.',
  features: [],
  yearly: null,
  is_not_priced: true,
};
const plan_list = [plan, { ...premium, is_cart_item: true }, free, enterprise];
const is_row = { is_card: false } as const;
const many = [
  { ...plan, held: { ends_at: new Date('2027-02-24T10:00:00.000Z'), href: '/billing/ada/history/' } },
  premium,
  free,
  ...['managed', 'office'].map((slug) => ({ ...premium, slug, title: slug, ...is_row })),
  { ...enterprise, ...is_row },
];
const period: PeriodSwitch = {
  is_yearly: false,
  monthly_url: '/pricing/',
  yearly_url: '/pricing/?period=yearly',
  reduction_bps: 2000,
};
const yearly_price = { amount: 19_200, full_amount: 24_000, periods_count: 12, option: 3 };
const context = { locale: 'en', timezone: 'UTC', unit: 'usd' };
const head = {
  show_providers: false,
  redeemed: null,
  cart_count: 0,
  holds_plan: false,
  period,
  edited: null,
  ...inPlaceForm.view({}, context),
};
const edited = {
  slug: 'basic',
  action: paths.planInPlace('cowork', 'basic'),
  cancel_url: paths.pricing(),
  editor_url: paths.plan('cowork', 'basic'),
  edit_version: 'title:a1',
  conflict: null,
};
const editable = plan_list.map((each) => ({ ...each, edit_url: paths.editInPlace(each.slug) }));

/** The plans for sale, as offered to the caller. */
export const pricingPage = definePage(
  'saas/pricing.html',
  Type.Object({
    plan_list: Type.Array(PricedPlanPart),
    period: Type.Union([PeriodSwitchPart, Type.Null()]),
    /** True when the plans are of several providers. */
    show_providers: Type.Boolean(),
    /** Coupon of the caller that lowers a price, or null. */
    redeemed: Type.Union([Type.Object({ code: Type.String() }), Type.Null()]),
    /** Number of plans in the cart of the caller. */
    cart_count: Type.Integer(),
    /** True when a profile of the reader holds one of the plans. */
    holds_plan: Type.Boolean(),
    /** The plan whose form stands in its place, with `form`; null for none. */
    edited: Type.Union([
      Type.Object({
        slug: Type.String(),
        action: Type.String(),
        cancel_url: Type.String(),
        /** The editor with all fields of the plan. */
        editor_url: Type.String(),
        edit_version: Type.String(),
        conflict: ConflictView,
      }),
      Type.Null(),
    ]),
    ...form_view,
  }),
  {
    typical: { ...head, plan_list },
    empty: { ...head, plan_list: [], period: null },
    coupon: {
      ...head,
      plan_list: plan_list.map((each) => ({ ...each, price: { ...each.price, amount: 1000 } })),
      show_providers: true,
      redeemed: { code: 'DIS50' },
      cart_count: 1,
    },
    edit: { ...head, plan_list: editable, edited, ...inPlaceForm.view(plan, context) },
    error: {
      ...head,
      plan_list: editable,
      edited,
      ...inPlaceForm.view(
        {},
        context,
        inPlaceForm.refuse(invalidInput({ title: ['This field is required.'] }), { title: '', period_amount: '20' }),
      ),
    },
    trial: {
      ...head,
      plan_list: plan_list.map((each) => ({ ...each, trial_days: 14, trial_available: !each.is_not_priced })),
    },
    many: { ...head, plan_list: many, holds_plan: true },
    yearly: {
      ...head,
      plan_list: [{ ...plan, price: yearly_price, yearly: null }, premium],
      period: { ...period, is_yearly: true },
    },
    long: {
      ...head,
      plan_list: many.map((each) => ({ ...each, title: name_long, lead: `${name_long} ${name_long}` })),
      holds_plan: true,
    },
  },
);
