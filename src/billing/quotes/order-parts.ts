import { type Static, Type } from 'typebox';
import { MoneyPart } from '../page-parts.ts';

const LinePart = Type.Object({
  description: Type.String(),
  /** In 1/100 of `dest_unit`. */
  dest_amount: Type.Integer(),
  dest_unit: Type.String(),
  /** Seats of a plan that is sold by quantity, or uses. */
  quantity: Type.Integer(),
  /** Amount without discounts; null without a discount. */
  full_amount: Type.Union([Type.Integer(), Type.Null()]),
  /** Text such as `3 months`. */
  periods: Type.Union([Type.String(), Type.Null()]),
  discounts: Type.Union([Type.String(), Type.Null()]),
  /** Time that a line pays for; null for other lines. */
  covers: Type.Union([Type.Object({ from: Type.Unsafe<Date>({}), to: Type.Unsafe<Date>({}) }), Type.Null()]),
  coupon_code: Type.Union([Type.String(), Type.Null()]),
  /** Name of the person that the line is for, if not the payer. */
  beneficiary: Type.Union([Type.String(), Type.Null()]),
  /** Name of the payer of a claimed seat. */
  paid_by: Type.Union([Type.String(), Type.Null()]),
  /** Price of one period in 1/100, of an option that pays for several; null when it is not exact. */
  each_amount: Type.Union([Type.Integer(), Type.Null()]),
});

/** Members of every page that shows an order: texts and amounts only, no ids. */
export const orderParts = {
  invoicables: Type.Array(
    Type.Object({
      key: Type.String(),
      name: Type.String(),
      descr: Type.String(),
      /** 1-based; 0 while undecided. */
      option: Type.Integer(),
      lines: Type.Array(LinePart),
      options: Type.Array(LinePart),
      /** The cart contains it; false for a balance due. */
      is_removable: Type.Boolean(),
      /** Quantity that the buyer may change, and its limits; null for a plan that is not sold by quantity. */
      seats: Type.Union([
        Type.Object({ quantity: Type.Integer(), min: Type.Integer(), max: Type.Integer() }),
        Type.Null(),
      ]),
    }),
  ),
  /** Items that are not listed: an order may be for thousands of people. The sums include them. */
  more_count: Type.Integer(),
  /** One sum for each currency. */
  totals: Type.Array(MoneyPart),
  /** Sum of an order in one currency; zero for an order in several. */
  lines_price: MoneyPart,
  cart_version: Type.String(),
  /** Codes of the coupons that lower a price. */
  redeemed: Type.Array(Type.Object({ code: Type.String() })),
};

const OrderParts = Type.Object(orderParts);
export type OrderView = Static<typeof OrderParts>;
export type LineView = Static<typeof LinePart>;

const lineSample: LineView = {
  description: 'Basic, 1 month until Apr 10, 2026',
  dest_amount: 2900,
  dest_unit: 'usd',
  quantity: 1,
  full_amount: null,
  periods: '1 month',
  discounts: null,
  covers: { from: new Date('2026-03-10T10:00:00.000Z'), to: new Date('2026-04-10T10:00:00.000Z') },
  coupon_code: null,
  beneficiary: null,
  paid_by: null,
  each_amount: null,
};

const yearSample: LineView = {
  ...lineSample,
  description: 'Basic, 12 months until Mar 10, 2027, a 10% discount',
  dest_amount: 31_320,
  full_amount: 34_800,
  periods: '12 months',
  discounts: 'a 10% discount',
  each_amount: 2610,
};
const choiceItem = {
  key: 'ada:basic',
  name: 'Basic',
  descr: '',
  option: 0,
  lines: [],
  options: [lineSample, yearSample],
  is_removable: true,
  seats: null,
};
const choiceOrder = {
  invoicables: [choiceItem],
  more_count: 0,
  totals: [],
  lines_price: { amount: 0, unit: 'usd' },
  cart_version: '0123456789abcdef0123456789abcdef',
  redeemed: [],
};

/** Orders as pages show them: decided, with options to choose from, empty. */
export const orderSamples = {
  typical: {
    invoicables: [
      {
        key: 'ada:basic',
        name: 'Basic',
        descr: 'Ten seats',
        option: 1,
        lines: [{ ...lineSample, full_amount: 5800, discounts: 'a 50% discount', coupon_code: 'SPRING' }],
        options: [],
        is_removable: true,
        seats: null,
      },
    ],
    more_count: 0,
    totals: [{ amount: 2900, unit: 'usd' }],
    lines_price: { amount: 2900, unit: 'usd' },
    cart_version: '0123456789abcdef0123456789abcdef',
    redeemed: [{ code: 'SPRING' }],
  },
  undecided: choiceOrder,
  choices: {
    ...choiceOrder,
    invoicables: [{ ...choiceItem, option: 2, lines: [yearSample] }],
    totals: [{ amount: 31_320, unit: 'usd' }],
    lines_price: { amount: 31_320, unit: 'usd' },
  },
  currencies: {
    ...choiceOrder,
    invoicables: [
      { ...choiceItem, option: 1, lines: [lineSample], options: [] },
      {
        ...choiceItem,
        key: 'ada:day-pass',
        name: 'Day pass',
        option: 1,
        lines: [{ ...lineSample, dest_amount: 1900, dest_unit: 'eur' }],
        options: [],
      },
    ],
    totals: [
      { amount: 2900, unit: 'usd' },
      { amount: 1900, unit: 'eur' },
    ],
  },
  seats: {
    ...choiceOrder,
    invoicables: [
      {
        ...choiceItem,
        name: 'Team',
        option: 1,
        lines: [
          { ...lineSample, quantity: 5, description: 'Team, 5 seats, 1 month until Apr 10, 2026', dest_amount: 5000 },
        ],
        options: [],
        seats: { quantity: 5, min: 2, max: 50 },
      },
    ],
    totals: [{ amount: 5000, unit: 'usd' }],
    lines_price: { amount: 5000, unit: 'usd' },
  },
  trial: {
    ...choiceOrder,
    invoicables: [
      {
        ...choiceItem,
        option: 1,
        lines: [
          {
            ...lineSample,
            description: 'Trial of Basic until Mar 24, 2026, then $29.00',
            dest_amount: 0,
            periods: null,
            covers: null,
          },
        ],
        options: [],
      },
    ],
  },
  long: {
    ...choiceOrder,
    invoicables: [{ ...choiceItem, option: 1, lines: [lineSample], options: [] }],
    more_count: 9900,
    totals: [{ amount: 28_712_900, unit: 'usd' }],
    lines_price: { amount: 28_712_900, unit: 'usd' },
  },
  empty: {
    invoicables: [],
    more_count: 0,
    totals: [],
    lines_price: { amount: 0, unit: 'usd' },
    cart_version: '0123456789abcdef0123456789abcdef',
    redeemed: [],
  },
} satisfies Record<string, OrderView>;
