import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { IsoInstant, NullableString } from '#platform/http/schemas';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';

/** The list of the uses of a coupon; its sort fields are those of the API. */
export const couponUsesList = defineListPage({
  noun: ['use', 'uses'],
  search: 'Name, user name or e-mail address',
  columns: {
    user__username: { label: 'User' },
    plan: { label: 'Plan' },
    created_at: { label: 'Used', descending: true },
  },
  order: '-created_at',
  dates: 'Used',
});

const use = { user: 'Xia Lee', plan: 'Open Space', beneficiary: null, created_at: '2026-11-24T16:12:07.000Z' };
const path = paths.couponUses('cowork', 'DIS50');
const typical = {
  profile: { slug: 'cowork', printable_name: 'Coworking Space' },
  code: 'DIS50',
  discount_type: 'percentage',
  discount_value: 5000,
  unit: 'usd',
  crumbs: [{ label: 'Coupons', href: paths.coupons('cowork') }],
  coupon_url: paths.coupon('cowork', 'DIS50'),
  uses: [use, { ...use, user: 'Joe Card', beneficiary: 'ann@example.com' }],
  list: sampleList(couponUsesList, `${path}?page=2`, { count: 74, csv_path: `${path}download/` }),
};

export const couponUsesPage = definePage(
  'saas/metrics/coupons.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    code: Type.String(),
    discount_type: Type.String(),
    discount_value: Type.Integer(),
    /** Currency of an amount. */
    unit: Type.String(),
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    /** The editor of the coupon. */
    /** Page that changes the code; null for a reader. */
    coupon_url: Type.Union([Type.String(), Type.Null()]),
    uses: Type.Array(
      Type.Object({
        user: Type.String(),
        plan: Type.String(),
        /** The person who gets the plan; null for the payer. */
        beneficiary: NullableString,
        created_at: IsoInstant,
      }),
    ),
    list: ListViewPart,
  }),
  {
    typical,
    empty: { ...typical, uses: [], list: sampleList(couponUsesList, path, { count: 0 }) },
    nothing_found: { ...typical, uses: [], list: sampleList(couponUsesList, `${path}?q=harbour`, { count: 0 }) },
    long: {
      ...typical,
      code: unbrokenText.slice(0, 50),
      uses: [{ ...use, user: longText, plan: unbrokenText.slice(0, 50), beneficiary: `${unbrokenText}@a.example` }],
      list: sampleList(couponUsesList, path, { count: 1 }),
    },
  },
  { as: 'provider' },
);
