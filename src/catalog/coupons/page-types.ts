import { type Static, Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';
import { ConflictView } from '#platform/pages/forms/conflict-view';
import { form_view } from '#platform/pages/forms/form';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { linkAction, postAction, RowActionPart } from '#platform/pages/lists/row-actions';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText } from '#platform/pages/pieces/hostile-text';
import { ProfileSummarySchema } from '#profiles';
import { ALL_PLANS, couponForm } from './coupon-form.ts';

/** An instant that a page formats in the time zone of the reader. */
const PageInstant = Type.Unsafe<Date>(Type.Object({}));

export const couponsList = defineListPage({
  noun: ['code', 'codes'],
  search: 'Code or note',
  order: '-created_at',
  dates: 'Created',
  columns: {
    code: { label: 'Code' },
    discount_type: { label: 'Kind' },
    amount: { label: 'Saves', descending: true },
    created_at: { label: 'Created', descending: true },
    ends_at: { label: 'Until' },
  },
  tabs: {
    name: 'state',
    label: 'States',
    options: [
      { value: '', label: 'All' },
      { value: 'active', label: 'Active' },
      { value: 'ended', label: 'Not active' },
    ],
  },
});

const CouponRow = Type.Object({
  id: Type.String(),
  code: Type.String(),
  /** Page that changes the code; for a reader, that of its uses. */
  href: Type.String(),
  discount_type: Type.String(),
  discount_value: Type.Integer(),
  /** Currency of an amount. */
  unit: Type.String(),
  state: Type.Enum(['active', 'ended', 'used_up']),
  plan: NullableString,
  created_at: PageInstant,
  ends_at: Type.Union([PageInstant, Type.Null()]),
  nb_attempts: Type.Union([Type.Integer(), Type.Null()]),
  description: Type.String(),
  actions: Type.Array(RowActionPart),
});
export type CouponRow = Static<typeof CouponRow>;

const row: CouponRow = {
  id: 'row-0',
  code: 'DIS50',
  href: '/billing/cowork/coupons/DIS50/',
  discount_type: 'percentage',
  discount_value: 5000,
  unit: 'usd',
  state: 'active',
  plan: null,
  created_at: new Date('2026-10-25T10:00:00.000Z'),
  ends_at: null,
  nb_attempts: null,
  description: '',
  actions: [
    linkAction('Edit', '/billing/cowork/coupons/DIS50/'),
    postAction('Switch off', { action: 'off', coupon: 'DIS50' }),
    linkAction('Delete', '/billing/cowork/coupons/DIS50/delete/', { is_danger: true }),
  ],
};

const profile = {
  slug: 'cowork',
  printable_name: 'Coworking Space',
  picture: null,
};
const sample_context = {
  locale: 'en',
  timezone: 'America/Los_Angeles',
  choices: {
    plan: [
      { value: ALL_PLANS, label: 'All plans' },
      { value: 'basic', label: 'Basic' },
    ],
  },
};
const unfilled = couponForm.view({ plan: ALL_PLANS, discount_type: 'percentage' }, sample_context);
const numbered = (rows: readonly Partial<CouponRow>[]) =>
  rows.map((each, index) => ({ ...row, ...each, id: `row-${index}` }));

const listOf = (address: string, coupons: CouponRow[], count: number) => ({
  profile,
  coupons,
  may_edit: true,
  is_creating: false,
  list: sampleList(couponsList, address, {
    count,
    tab_counts: { '': 12, active: 9, ended: 3 },
    csv_path: '/billing/cowork/coupons/download/',
    empty: { title: 'Your discount codes will be listed here', text: 'A code lowers the price of your plans.' },
  }),
  ...unfilled,
});
const path = '/billing/cowork/coupons/';

/** The coupons of a provider, with the form of a new one. */
export const couponsPage = definePage(
  'saas/billing/coupons.html',
  Type.Object({
    profile: Type.Partial(ProfileSummarySchema),
    coupons: Type.Array(CouponRow),
    may_edit: Type.Boolean(),
    /** True when the form was sent and is shown again. */
    is_creating: Type.Boolean(),
    list: ListViewPart,
    ...form_view,
  }),
  {
    typical: listOf(
      path,
      numbered([
        {},
        { code: 'WELCOME', discount_type: 'currency', discount_value: 1000, nb_attempts: 3, plan: 'Basic' },
        { code: 'TWO-FREE', discount_type: 'period', discount_value: 2, ends_at: new Date('2026-12-25T08:00:00.000Z') },
        { code: 'OLD', state: 'ended', ends_at: new Date('2026-03-05T08:00:00.000Z') },
        { code: 'GONE', state: 'used_up', nb_attempts: 0 },
      ]),
      12,
    ),
    empty: listOf(path, [], 0),
    nothing_found: listOf(`${path}?q=unknown`, [], 0),
    long: listOf(
      path,
      numbered([
        { code: 'C'.repeat(50), description: longText, discount_type: 'currency', discount_value: 99_999_999_999 },
        { plan: rightToLeftText.slice(0, 50), description: rightToLeftText, nb_attempts: 1_000_000_000 },
      ]),
      2,
    ),
    error: {
      ...listOf(path, numbered([{}]), 1),
      is_creating: true,
      form: { ...unfilled.form, code: 'DIS50', discount_value: 'half' },
      errors: { code: ['This code is already taken.'], discount_value: ['Write it like 10.00.'] },
      error_count: 2,
    },
    read_only: { ...listOf(path, numbered([{ actions: [] }]), 1), may_edit: false },
  },
  { as: 'broker' },
);

const edited = {
  uses_url: '/metrics/cowork/coupons/DIS50/',
  profile,
  code: 'DIS50',
  crumbs: [{ label: 'Coupons', href: path }],
  edit_version: 'code:abc',
  conflict: null,
  ...couponForm.view(
    { code: 'DIS50', discount_type: 'percentage', discount_value: '50.00', plan: ALL_PLANS },
    sample_context,
  ),
};

/** The editor of one coupon. */
export const couponPage = definePage(
  'saas/billing/coupon.html',
  Type.Object({
    profile: Type.Partial(ProfileSummarySchema),
    code: Type.String(),
    /** The list of its uses. */
    uses_url: Type.String(),
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    edit_version: Type.String(),
    conflict: ConflictView,
    ...form_view,
  }),
  {
    typical: edited,
    error: { ...edited, errors: { discount_value: ['Write it like 10.00.'] }, error_count: 1 },
    conflict: { ...edited, conflict: { by: '', changes: [{ label: 'Saves', now: '40.00', yours: '50.00' }] } },
  },
  { as: 'broker' },
);
