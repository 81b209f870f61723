import { type Static, Type } from 'typebox';
import type { Money } from '#kernel/money';
import { periodNoun } from '#kernel/period';
import { MoneyPart } from '../page-parts.ts';
import { chooseOptions, type Invoicable, type Line, collectLines, cartVersion, sumLines } from '../records/index.ts';
import { buildLineFacts, describeLine } from './describe-line.ts';

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
type LineView = Static<typeof LinePart>;

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
    totals: [{ amount: 29_000_000, unit: 'usd' }],
    lines_price: { amount: 29_000_000, unit: 'usd' },
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

/** Items that a page of an order lists. */
const ITEMS_LISTED_MAX = 100;

/** Presents an order to the pages of the cart, the checkout and the balance. */
export function viewInvoicables(invoicables: readonly Invoicable[]): OrderView {
  const total = sumLines(collectLines(invoicables), invoicables[0]?.plan.unit ?? 'usd');
  return {
    invoicables: invoicables.slice(0, ITEMS_LISTED_MAX).map((each) => ({
      key: each.key,
      name: each.kind === 'balance' ? `${each.plan.title}: balance due` : each.plan.title,
      descr: each.kind === 'cart' ? each.plan.description : '',
      option: each.lines.find((line) => line.item)?.item?.option ?? 0,
      lines: each.lines.map((line) => viewLine(line, each)),
      options: each.options.map((line) => viewLine(line, each)),
      is_removable: each.kind === 'cart',
      seats: viewSeats(each),
    })),
    more_count: Math.max(0, invoicables.length - ITEMS_LISTED_MAX),
    totals: sumByUnit(collectLines(invoicables)),
    lines_price: total ?? { amount: 0, unit: 'usd' },
    cart_version: cartVersion(invoicables),
    redeemed: collectCodes(invoicables),
  };
}

/** Returns the quantity of a plan in the cart that the buyer may choose; null where it is given. Pure. */
function viewSeats({
  kind,
  plan,
  subscription,
  seat,
  lines,
  options,
}: Invoicable): OrderView['invoicables'][0]['seats'] {
  const line = [...lines, ...options].find((each) => each.kind === 'period' || each.kind === 'trial');
  const is_free = kind === 'cart' && subscription === null && !seat && line?.item?.claim_id === null;
  if (plan.quantity_max === null || !is_free || line.item?.use_charge_id != null) return null;
  return { quantity: line.quantity, min: plan.quantity_min, max: plan.quantity_max };
}

/**
 * Presents an order with its choices: `undecided` has the options of every item. The lines are those of the option that
 * the buyer chose, or of the first. `cart_version` is that of the cart as it is stored.
 */
export function viewChoices(undecided: readonly Invoicable[]): OrderView {
  const saved = undecided.map(takeStoredOption);
  const view = viewInvoicables(chooseOptions(saved, undefined) ?? saved);
  return {
    ...view,
    cart_version: cartVersion(saved),
    invoicables: view.invoicables.map((each, index) => {
      const invoicable = undecided[index];
      return invoicable
        ? {
            ...each,
            option: Math.max(1, each.option),
            options: invoicable.options.map((line) => viewLine(line, invoicable)),
          }
        : each;
    }),
  };
}

/** Replaces the options of an invoicable by the one that its cart item stores; unchanged without one. */
export function takeStoredOption(invoicable: Invoicable): Invoicable {
  const stored = invoicable.options[0]?.item?.option ?? 0;
  const option = invoicable.options[stored - 1];
  return option ? { ...invoicable, lines: [option, ...invoicable.lines], options: [] } : invoicable;
}

/** Sums lines by currency; an order in several currencies cannot be paid by one payment. */
function sumByUnit(lines: readonly Line[]): Money[] {
  const byUnit = Map.groupBy(
    lines.filter(({ amount }) => amount > 0),
    ({ unit }) => unit,
  );
  return [...byUnit].map(([unit, group]) => ({ amount: sumLines(group, unit)?.amount ?? 0, unit }));
}

function viewLine(line: Line, { plan, seat }: Invoicable): LineView {
  const { option } = line;
  const facts = buildLineFacts(line, { plan, ...(seat ? { seat } : {}) });
  const is_period = option?.kind === 'period';
  const count = option?.periods_count ?? 0;
  return {
    // The options of a plan with an unlock event have their own text.
    description: option && option.kind !== 'period' ? line.description : describeLine(facts),
    dest_amount: line.amount,
    dest_unit: line.unit,
    quantity: line.quantity,
    full_amount: option && option.full_amount !== line.amount ? option.full_amount : null,
    periods: option ? `${option.periods_count} ${periodNoun(plan.period_type, option.periods_count)}` : null,
    discounts: option && option.discounts.length > 0 ? option.discounts.join(' and ') : null,
    covers: is_period && !seat ? { from: option.covers_from, to: option.covers_to } : null,
    coupon_code: facts.coupon_code,
    beneficiary: facts.beneficiary_name,
    paid_by: facts.paid_by ?? null,
    each_amount: is_period && count > 1 && line.amount % count === 0 ? line.amount / count : null,
  };
}

function collectCodes(invoicables: readonly Invoicable[]): { code: string }[] {
  const lines = invoicables.flatMap((each) => [...each.lines, ...each.options]);
  return [...new Set(lines.flatMap(({ coupon }) => coupon?.code ?? []))].map((code) => ({ code }));
}
