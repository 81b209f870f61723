import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { MoneyPart, PayerPart, payerSample, refusedFormParts } from '../page-parts.ts';
import { longText, rightToLeftText } from '#platform/pages/pieces/hostile-text';

const PlanPart = Type.Object({ slug: Type.String(), title: Type.String() });

const PreviewPart = Type.Object({
  /** Null if no row can be added. */
  key: Type.Union([Type.String(), Type.Null()]),
  people_count: Type.Integer(),
  present_count: Type.Integer(),
  total: MoneyPart,
  each: MoneyPart,
  /** Rejected cells, by row; every one of them, for any number of rows. */
  faults: Type.Array(Type.Object({ row: Type.Integer(), field: Type.String(), message: Type.String() })),
  /** Rows with a fault. */
  rejected_count: Type.Integer(),
});

export const cartSeatsPage = definePage(
  'saas/billing/cart-seats.html',
  Type.Object({
    profile: PayerPart,
    /** Plans in the cart, to choose whose seats are shown. */
    plans: Type.Array(Type.Intersect([PlanPart, Type.Object({ href: Type.String() })])),
    plan: PlanPart,
    /** Ways to pay for a seat. */
    options: Type.Array(Type.Object({ number: Type.Integer(), label: Type.String(), price: MoneyPart })),
    people: Type.Array(Type.Object({ full_name: Type.String(), email: Type.String() })),
    people_count: Type.Integer(),
    /** People who are not listed. */
    more_count: Type.Integer(),
    preview: Type.Union([PreviewPart, Type.Null()]),
    rows_max: Type.Integer(),
    continue_url: Type.String(),
    form: Type.Record(Type.String(), Type.String()),
    ...refusedFormParts,
  }),
  samples(),
);

function samples() {
  const basic = { slug: 'basic', title: 'Basic' };
  const usd = (amount: number) => ({ amount, unit: 'usd' });
  const grace = { full_name: 'Grace Hopper', email: 'grace@example.com' };
  const empty = {
    profile: payerSample,
    plans: [{ ...basic, href: '/billing/ada/cart-seats/?plan=basic' }],
    plan: basic,
    options: [{ number: 1, label: '1 month', price: usd(2000) }],
    people: [],
    people_count: 0,
    more_count: 0,
    preview: null,
    rows_max: 10_000,
    continue_url: '/billing/ada/checkout/',
    form: {},
  };
  const year = { number: 2, label: '12 months, a 10% discount', price: usd(21_600) };
  const typical = { ...empty, options: [...empty.options, year], people: [grace], people_count: 1 };
  const preview = {
    key: '0123456789abcdef0123456789abcdef01234567',
    people_count: 9998,
    present_count: 1,
    total: usd(19_994_000),
    each: usd(2000),
    faults: [],
    rejected_count: 0,
  };
  const faults = [
    { row: 3, field: 'email', message: 'Enter a valid email address.' },
    { row: 3, field: 'full_name', message: 'Enter a name of at most 150 characters.' },
    { row: 12, field: 'email', message: 'Row 4 has this e-mail address.' },
  ];
  return {
    typical,
    empty,
    preview: { ...typical, preview },
    faults: { ...typical, preview: { ...preview, faults, rejected_count: 2 } },
    nothing: {
      ...typical,
      preview: { ...preview, key: null, people_count: 0, present_count: 0, total: usd(0), faults, rejected_count: 2 },
    },
    long: {
      ...typical,
      plans: [...empty.plans, { slug: 'second', title: longText, href: '/billing/ada/cart-seats/?plan=second' }],
      people: [
        { full_name: longText, email: `${'a'.repeat(60)}@${'b'.repeat(60)}.example` },
        { full_name: rightToLeftText, email: 'rtl@example.com' },
      ],
      people_count: 10_000,
      more_count: 9998,
    },
    error: {
      ...typical,
      detail: '',
      errors: { email: ['Enter a valid email address.'] },
      form: { full_name: 'Grace Hopper', email: 'grace' },
    },
  };
}

/** Page types of this sub-room. */
export const cartSeatsPageTypes = [cartSeatsPage];
