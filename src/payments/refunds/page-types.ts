import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { EffectLine } from '#platform/pages/details/effect';
import { ShownMoney } from '#platform/pages/details/fact';
import { form_view } from '#platform/pages/forms/form';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { invalidInput } from '#kernel/problem';
import { refundForm } from './refund-form.ts';

const usd = (amount: number) => ({ amount, unit: 'usd' });

/** A refund before it is made: the amounts as they are posted again, and what they do. */
export const RefundReview = Type.Object({
  effect: Type.Array(EffectLine),
  /** "Refund $300.00". */
  action_label: Type.String(),
  hidden: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
});

const lines = [
  { num: 0, title: 'Desks for a workshop, day 1', left: 30_000 },
  { num: 1, title: 'Desks for a workshop, day 2', left: 82_120 },
];
const context = { locale: 'en-US', timezone: 'UTC', unit: 'usd' };
const form = refundForm(lines, usd(0), 'en');
const typical = {
  nav_as: { profile: 'cowork', current: paths.charges() },
  crumbs: [
    { label: 'Charges', href: paths.charges() },
    { label: '$1,121.20', href: paths.receipt('xia', 'ch_XAb124EF') },
  ],
  profile: { slug: 'xia', printable_name: 'Xia Lee' },
  customer: 'Xia Lee',
  money: usd(112_120),
  created_at: '2026-03-05T14:30:00.000Z',
  keep_url: paths.receipt('xia', 'ch_XAb124EF'),
  field_names: ['line_0', 'line_1'],
  refusal: null,
  review: null,
  ...form.view({ line_0: 30_000, line_1: 82_120 }, context),
};
const review = {
  effect: [
    { label: 'Xia Lee gets back', hint: 'on the card ending in 1234', money: usd(30_000) },
    { label: 'Your funds', money: usd(-29_122), note: '$2,114.60 becomes $1,823.38' },
    { label: 'Fee that the processor returns', money: usd(878) },
    { label: 'Can be refunded after this', money: usd(82_120) },
    { label: 'Subscriptions of Xia Lee', value: 'unchanged' },
  ],
  action_label: 'Refund $300.00',
  hidden: [{ name: 'line_0', value: '300.00' }],
};

export const refundPage = definePage(
  'saas/billing/refund.html',
  Type.Object({
    nav_as: Type.Object({ profile: Type.String(), current: Type.String() }),
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    customer: Type.String(),
    money: ShownMoney,
    created_at: Type.String(),
    keep_url: Type.String(),
    /** Names of the money fields, one for each line that can be refunded. */
    field_names: Type.Array(Type.String()),
    /** Why nothing can be refunded, or null. */
    refusal: Type.Union([Type.String(), Type.Null()]),
    /** Set on the second step. */
    review: Type.Union([RefundReview, Type.Null()]),
    ...form_view,
  }),
  {
    typical,
    review: { ...typical, review },
    empty: { ...typical, field_names: [], refusal: 'Everything was refunded already.' },
    forbidden: {
      ...typical,
      field_names: [],
      refusal: 'Managers of the seller can refund this charge. Ask one of them.',
    },
    error: {
      ...typical,
      ...form.view(
        {},
        context,
        form.refuse(invalidInput({ line_0: ['Write $300.00 or less.'] }), { line_0: '400', line_1: '' }),
      ),
    },
    refused: {
      ...typical,
      detail: 'Cowork has $12.00 of funds available. $291.22 are required to refund ‘Desks for a workshop, day 1’',
    },
    long: {
      ...typical,
      customer: longText,
      profile: { slug: 'xia', printable_name: longText },
      review: { ...review, effect: [{ label: `${unbrokenText} gets back`, money: usd(987_654_321_012) }] },
    },
  },
  { as: 'broker' },
);

/** Page types of this sub-room. */
export const refundPageTypes = [refundPage];
