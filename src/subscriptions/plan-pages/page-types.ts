import { type Static, Type } from 'typebox';
import { defaultTerms, PlanSchema, presentTerms } from '#catalog';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';
import { EffectLine } from '#platform/pages/details/effect';
import { ConflictView } from '#platform/pages/forms/conflict-view';
import { form_view } from '#platform/pages/forms/form';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { linkAction, RowActionPart } from '#platform/pages/lists/row-actions';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText } from '#platform/pages/pieces/hostile-text';
import { PageInstant, ProfileView, sampleProvider } from '../page-schemas.ts';
import { makePlanForm } from './plan-form.ts';

export const plansList = defineListPage({
  noun: ['plan', 'plans'],
  search: 'Name or description',
  order: 'period_amount',
  columns: {
    title: { label: 'Plan' },
    period_amount: { label: 'Price' },
    is_active: { label: 'State', descending: true },
    created_at: { label: 'Created', descending: true },
  },
  tabs: {
    name: 'active',
    label: 'States',
    options: [
      { value: '', label: 'All' },
      { value: 'true', label: 'On sale' },
      { value: 'false', label: 'Not on sale' },
    ],
  },
});

const PlanRow = Type.Object({
  slug: Type.String(),
  title: Type.String(),
  href: Type.String(),
  is_active: Type.Boolean(),
  is_not_priced: Type.Boolean(),
  period_amount: Type.Integer(),
  unit: Type.String(),
  period_type: Type.String(),
  period_length: Type.Integer(),
  created_at: PageInstant,
  /** Subscriptions that run now. */
  subscribers_count: Type.Integer(),
  subscribers_href: Type.String(),
  actions: Type.Array(RowActionPart),
});
export type PlanRow = Static<typeof PlanRow>;

const row: PlanRow = {
  slug: 'open-space',
  title: 'Open Space',
  href: '/profile/cowork/plans/open-space/',
  is_active: true,
  is_not_priced: false,
  period_amount: 17_999,
  unit: 'usd',
  period_type: 'monthly',
  period_length: 1,
  created_at: new Date('2026-01-05T10:00:00.000Z'),
  subscribers_count: 9,
  subscribers_href: '/profile/cowork/plans/open-space/subscribers/',
  actions: [
    linkAction('Edit', '/profile/cowork/plans/open-space/'),
    linkAction('Subscribers', '/profile/cowork/plans/open-space/subscribers/'),
  ],
};

const listOf = (address: string, plans: PlanRow[], count: number) => ({
  profile: sampleProvider,
  plans,
  new_url: '/profile/cowork/plans/new/',
  list: sampleList(plansList, address, {
    count,
    tab_counts: { '': 5, true: 4, false: 1 },
    empty: { title: 'Your plans will be listed here', href: '/profile/cowork/plans/new/', action: 'Create a plan' },
  }),
});

/** The plans of a provider. */
export const plansPage = definePage(
  'saas/profile/plans/index.html',
  Type.Object({
    profile: ProfileView,
    plans: Type.Array(PlanRow),
    list: ListViewPart,
    /** Null for a reader who may not create plans. */
    new_url: NullableString,
  }),
  {
    typical: listOf(
      '/profile/cowork/plans/',
      [
        row,
        { ...row, slug: 'basic', title: 'Basic', period_amount: 0, subscribers_count: 0 },
        { ...row, slug: 'desk', title: 'Desk by the day', is_active: false, period_type: 'daily', period_length: 3 },
        { ...row, slug: 'enterprise', title: 'Enterprise', is_not_priced: true },
      ],
      4,
    ),
    empty: listOf('/profile/cowork/plans/', [], 0),
    nothing_found: listOf('/profile/cowork/plans/?q=unknown', [], 0),
    long: listOf(
      '/profile/cowork/plans/',
      [
        { ...row, title: longText.slice(0, 50), period_amount: 99_999_999_999 },
        { ...row, slug: 'rtl', title: rightToLeftText.slice(0, 50), subscribers_count: 1_234_567 },
      ],
      2,
    ),
    read_only: { ...listOf('/profile/cowork/plans/', [{ ...row, actions: [] }], 1), new_url: null },
  },
  { as: 'broker' },
);

const plan = {
  price: { amount: 5900, full_amount: 5900 },
  lead: 'A place every day, mail handling and meeting rooms.',
  features: ['Every working day, any desk', 'Mail received and forwarded'],
  slug: 'premium',
  title: 'Premium',
  description: 'A place every day, mail handling and meeting rooms.',
  is_active: true,
  setup_amount: 1000,
  period_amount: 5900,
  period_type: 'monthly' as const,
  advance_discounts: [{ discount_type: 'percentage' as const, discount_value: 1000, length: 3 }],
  use_charges: [],
  unit: 'usd',
  profile: sampleProvider,
  extra: null,
  period_length: 1,
  renewal_type: 'repeat' as const,
  is_not_priced: false,
  unlock_event: null,
  created_at: '2026-01-01T00:00:00.000Z',
  skip_optin_on_grant: false,
  optin_on_request: false,
  ...presentTerms(defaultTerms),
  discounted_period_amount: 5900,
  is_cart_item: false,
  trial_available: false,
};

const sample_form = makePlanForm({ discounts_count: 2, uses_count: 1, is_broker: false });
const context = { locale: 'en', timezone: 'America/Los_Angeles', unit: 'usd' };
const first_discount = { discount_0_length: 3, discount_0_type: 'percentage', discount_0_value: '10.00' };
const view = sample_form.view(
  {
    title: 'Premium',
    description: plan.description,
    is_active: true,
    unit: 'USD',
    period_amount: 5900,
    period_length: 1,
    period_type: 'monthly',
    setup_amount: 1000,
    renewal_type: 'repeat',
    ...first_discount,
  },
  context,
);
const usd = (amount: number) => ({ money: { amount, unit: 'usd' } });
const sample = {
  profile: sampleProvider,
  plan,
  is_new: false,
  is_preview: false,
  crumbs: [{ label: 'Plans', href: '/profile/cowork/plans/' }],
  discount_rows: [0, 1],
  use_rows: [0],
  added: null,
  is_broker: false,
  may_edit: true,
  subscribers_count: 9,
  subscribers_url: '/profile/cowork/plans/premium/subscribers/',
  delete_url: null,
  effect: [
    { label: 'New buyers', hint: 'from now on', ...usd(5900) },
    { label: '9 subscriptions', hint: 'keep what they paid for; the price counts for their next order', ...usd(5900) },
  ],
  edit_version: 'title:abc',
  conflict: null,
  ...view,
};

/** A plan as its card on the pricing page shows it, without offers of one reader. */
const CardPlan = Type.Object({
  ...PlanSchema.properties,
  price: Type.Object({ amount: Type.Integer(), full_amount: Type.Integer() }),
  lead: Type.String(),
  features: Type.Array(Type.String()),
});

/** The editor of a plan; also of a new one. */
export const planPage = definePage(
  'saas/profile/plans/plan.html',
  Type.Object({
    profile: ProfileView,
    /** The plan as the pricing page shows it: as saved, or with the changes of a preview. */
    plan: Type.Union([CardPlan, Type.Null()]),
    is_new: Type.Boolean(),
    /** True when `plan` and `effect` show changes that are not saved. */
    is_preview: Type.Boolean(),
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    /** Indexes of the rows of the form. */
    discount_rows: Type.Array(Type.Integer()),
    use_rows: Type.Array(Type.Integer()),
    /** Kind of the row that was added last; its first field gets the focus. */
    added: Type.Union([Type.Literal('discount'), Type.Literal('use'), Type.Null()]),
    /** True for a reader who sets the share of the site. */
    is_broker: Type.Boolean(),
    may_edit: Type.Boolean(),
    subscribers_count: Type.Integer(),
    subscribers_url: NullableString,
    /** Page that deletes the plan; null once it had a subscription. */
    delete_url: NullableString,
    effect: Type.Array(EffectLine),
    edit_version: Type.String(),
    conflict: ConflictView,
    ...form_view,
  }),
  {
    typical: sample,
    new: {
      ...sample,
      ...sample_form.view({ unit: 'USD', period_length: 1, period_type: 'monthly', renewal_type: 'repeat' }, context),
      plan: null,
      is_new: true,
      subscribers_count: 0,
      subscribers_url: null,
      effect: [],
      edit_version: '',
    },
    preview: {
      ...sample,
      is_preview: true,
      delete_url: '/profile/cowork/plans/premium/delete/',
      effect: [{ label: 'New buyers', hint: 'from now on', ...usd(5900), was: usd(5500) }],
    },
    broker: {
      ...sample,
      ...makePlanForm({ discounts_count: 1, uses_count: 1, is_broker: true }).view({ title: 'Premium' }, context),
      discount_rows: [0],
      use_rows: [0],
      is_broker: true,
    },
    long: { ...sample, plan: { ...plan, title: rightToLeftText.slice(0, 50), lead: longText } },
    error: {
      ...sample,
      form: { ...view.form, title: '', period_amount: 'a lot' },
      errors: { title: ['This field is required.'], period_amount: ['Write it like 59.00.'] },
      error_count: 2,
    },
    conflict: {
      ...sample,
      conflict: { by: '', changes: [{ label: 'Price', now: '55.00', yours: '59.00' }] },
    },
    read_only: { ...sample, may_edit: false },
  },
  { as: 'broker' },
);
