import { type Static, Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';
import { form_view } from '#platform/pages/forms/form';
import { candidates_part } from '#platform/pages/forms/candidates';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { linkAction, RowActionPart } from '#platform/pages/lists/row-actions';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { FormErrors, PageInstant, ProfileView, sampleProvider } from '../page-schemas.ts';
import { termStates } from '../records/index.ts';
import { addForm, sample_add_context } from './add-form.ts';

/** What the lists of subscribers share. */
const common = {
  noun: ['subscription', 'subscriptions'],
  search: 'Name, e-mail address or plan',
  order: 'profile__full_name',
  dates: 'Dates',
  tabs: {
    name: 'state',
    label: 'States',
    options: [
      { value: '', label: 'All' },
      { value: 'active', label: 'Active' },
      { value: 'ended', label: 'Churned' },
      { value: 'requested', label: 'Requests' },
    ],
  },
} as const;

const columns = {
  profile__full_name: { label: 'Subscriber' },
  created_at: { label: 'Since', descending: true },
  ends_at: { label: 'Until' },
} as const;

/** The subscribers to all plans of a provider. */
export const subscribersList = defineListPage({
  ...common,
  columns: { ...columns, plan__title: { label: 'Plan' } },
  filters: { plan: { kind: 'choice', label: 'Plan' } },
});

/** The subscribers to one plan. */
export const planSubscribersList = defineListPage({ ...common, columns });

export const SubscriberRow = Type.Object({
  /** Unique on the page. */
  id: Type.String(),
  name: Type.String(),
  picture: NullableString,
  /** Empty while the provider may not see it. */
  email: Type.String(),
  /** The file of the subscriber; null when the provider has no access to the profile. */
  href: NullableString,
  plan: Type.Object({ ...PlanSummarySchema.properties, href: Type.String() }),
  price: Type.Object({
    amount: Type.Integer(),
    unit: Type.String(),
    period_type: Type.String(),
    period_length: Type.Integer(),
  }),
  state: Type.Enum([...termStates]),
  created_at: PageInstant,
  ends_at: PageInstant,
  note: Type.String(),
  /** Key of a request that the caller may accept, or null. */
  accept_key: NullableString,
  actions: Type.Array(RowActionPart),
});
export type SubscriberRow = Static<typeof SubscriberRow>;

const row: SubscriberRow = {
  id: 'row-0',
  name: 'Xia Lee',
  picture: null,
  email: 'xia@example.com',
  href: '/profile/xia/contact/',
  plan: { slug: 'open-space', title: 'Open Space', href: '/profile/cowork/plans/open-space/' },
  price: { amount: 17_999, unit: 'usd', period_type: 'monthly', period_length: 1 },
  state: 'active',
  created_at: new Date('2026-10-25T10:00:00.000Z'),
  ends_at: new Date('2026-12-25T10:00:00.000Z'),
  note: '',
  accept_key: null,
  actions: [
    linkAction('Open the file', '/profile/xia/contact/'),
    linkAction('Extend', '/profile/cowork/subscribers/xia/open-space/extend/'),
    linkAction('Write a note', '/profile/cowork/subscribers/xia/open-space/note/'),
    linkAction('End the subscription', '/profile/cowork/subscribers/xia/open-space/cancel/', { is_danger: true }),
  ],
};

const numbered = (rows: readonly Partial<SubscriberRow>[]): SubscriberRow[] =>
  rows.map((each, index) => ({ ...row, ...each, id: `row-${index}` }));

const rows = numbered([
  { name: 'Atlas Architects', email: 'hello@atlas.example', note: 'Asked for a desk near the window' },
  { name: 'Delta Translation Bureau GmbH & Co. KG', state: 'ends_soon', email: 'buchhaltung@delta.example' },
  {
    name: 'Harbor Health',
    state: 'requested',
    email: 'billing@harbor.example',
    href: null,
    accept_key: 'a'.repeat(40),
  },
  { name: 'Iris Okafor', state: 'granted', email: '', href: null },
  { name: 'Juniper Books', state: 'trial' },
  { name: 'Kestrel Labs', state: 'paused' },
  { name: 'Lumen Works', state: 'not_renewing' },
  { name: 'Mira Novak', state: 'locked' },
  {},
  { name: 'Zora Neal', state: 'ended', email: '', href: null, actions: [] },
]);

const long_rows = numbered([
  {
    name: longText,
    email: `${'long'.repeat(15)}@${'example'.repeat(8)}.com`,
    plan: { ...row.plan, title: unbrokenText.slice(0, 50) },
  },
  { name: unbrokenText, note: longText, price: { ...row.price, amount: 9_007_199_254_740_991 } },
  { name: rightToLeftText, note: rightToLeftText, plan: { ...row.plan, title: rightToLeftText.slice(0, 50) } },
]);

const plan_options = [
  { value: 'basic', label: 'Basic' },
  { value: 'open-space', label: 'Open Space' },
];
const tab_counts = { '': 46, active: 34, ended: 12, requested: 1 };
const unrefused = { errors: {}, detail: '' };
const none_yet = { title: 'Your subscribers will be listed here', text: 'No subscription was bought yet.' };

const sampleOf = (address: string, results: SubscriberRow[], count: number) => ({
  profile: sampleProvider,
  subscribers: results,
  list: sampleList(subscribersList, address, {
    count,
    tab_counts,
    options: { plan: plan_options },
    csv_path: '/profile/cowork/subscribers/download/',
    empty: none_yet,
  }),
  add_url: '/profile/cowork/plans/open-space/subscribers/',
  ...unrefused,
});

const list_parts = {
  /** The provider. */
  profile: ProfileView,
  subscribers: Type.Array(SubscriberRow),
  list: ListViewPart,
};

/** The subscriptions to all plans of a provider. */
export const subscribersPage = definePage(
  'saas/profile/subscribers.html',
  Type.Object({
    ...list_parts,
    /** Page on which a subscriber is added to the plan of the list, or null. */
    add_url: NullableString,
    errors: FormErrors,
    detail: Type.String(),
  }),
  {
    typical: sampleOf('/profile/cowork/subscribers/', rows, 46),
    empty: { ...sampleOf('/profile/cowork/subscribers/', [], 0), add_url: null },
    nothing_found: sampleOf('/profile/cowork/subscribers/?q=unknown&state=ended&plan=basic', [], 0),
    requests: sampleOf('/profile/cowork/subscribers/?state=requested', rows.slice(2, 3), 1),
    long: sampleOf('/profile/cowork/subscribers/?page=2', long_rows, 412),
    error: {
      ...sampleOf('/profile/cowork/subscribers/', rows, 46),
      detail: 'This key does not exist, was used already or belongs to a subscription that has ended.',
    },
  },
  { as: 'broker' },
);

const plan = { slug: 'open-space', title: 'Open Space' };
/** A row as a caller sees it who only reads. */
const withoutActions = (row: (typeof rows)[number]) => ({ ...row, accept_key: null, actions: [] });

const samplePlan = (address: string, results: SubscriberRow[], count: number) => ({
  profile: sampleProvider,
  plan,
  crumbs: [
    { label: 'Plans', href: '/profile/cowork/plans/' },
    { label: 'Open Space', href: '/profile/cowork/plans/open-space/' },
  ],
  subscribers: results,
  list: sampleList(planSubscribersList, address, {
    count,
    tab_counts,
    csv_path: '/profile/cowork/plans/open-space/subscribers/download/',
    empty: none_yet,
  }),
  may_add: true,
  is_adding: false,
  candidates: {},
  ...addForm.view({}, sample_add_context),
});

const plan_path = '/profile/cowork/plans/open-space/subscribers/';

/** The subscriptions to one plan, with the form that adds a subscriber. */
export const planSubscribersPage = definePage(
  'saas/profile/plans/subscribers.html',
  Type.Object({
    ...list_parts,
    plan: PlanSummarySchema,
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    may_add: Type.Boolean(),
    /** True when the form was sent and is shown again. */
    is_adding: Type.Boolean(),
    ...candidates_part,
    ...form_view,
  }),
  {
    typical: samplePlan(plan_path, rows, 46),
    empty: samplePlan(plan_path, [], 0),
    long: { ...samplePlan(plan_path, long_rows, 3), plan: { ...plan, title: rightToLeftText.slice(0, 50) } },
    candidates: {
      ...samplePlan(plan_path, rows, 46),
      is_adding: true,
      form: { subscriber: 'lee', full_name: '', message: '' },
      errors: { subscriber: ['Choose one of those found.'] },
      error_count: 1,
      candidates: {
        subscriber: [
          { value: 'xia', label: 'Xia Lee', note: 'xia' },
          { value: 'lee-studio', label: 'Lee Studio', note: 'lee-studio' },
        ],
      },
    },
    error: {
      ...samplePlan(plan_path, rows, 46),
      is_adding: true,
      form: { subscriber: 'unknown', full_name: '', message: 'Welcome' },
      errors: { subscriber: ['No profile has this name. Write an e-mail address to invite a person.'] },
      error_count: 1,
    },
    read_only: { ...samplePlan(plan_path, rows.map(withoutActions), 46), may_add: false },
  },
  { as: 'broker' },
);
