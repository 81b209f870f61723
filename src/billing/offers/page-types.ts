import { type Static, Type } from 'typebox';
import { PlanSchema } from '#catalog';
import { definePage } from '#platform/http/page-type';

const plan: Static<typeof PlanSchema> = {
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
  discounted_period_amount: 2000,
  is_cart_item: false,
};

const plan_list = [
  plan,
  { ...plan, slug: 'premium', title: 'Premium', discounted_period_amount: 1000, setup_amount: 0, is_cart_item: true },
  { ...plan, slug: 'free', title: 'Free', period_amount: 0, advance_discounts: [], optin_on_request: true },
  { ...plan, slug: 'enterprise', title: 'Enterprise', description: 'For large organizations.', is_not_priced: true },
];

/** The plans for sale, as offered to the caller. */
export const pricingPage = definePage(
  'saas/pricing.html',
  Type.Object({
    plan_list: Type.Array(PlanSchema),
    /** True when the plans are of several providers. */
    show_providers: Type.Boolean(),
    /** Coupon of the caller that lowers a price, or null. */
    redeemed: Type.Union([Type.Object({ code: Type.String() }), Type.Null()]),
    /** Number of plans in the cart of the caller. */
    cart_count: Type.Integer(),
  }),
  {
    typical: { plan_list, show_providers: false, redeemed: null, cart_count: 0 },
    empty: { plan_list: [], show_providers: false, redeemed: null, cart_count: 0 },
    coupon: { plan_list, show_providers: true, redeemed: { code: 'DIS50' }, cart_count: 1 },
  },
);
