import type { Money } from '#kernel/money';
import { periodNoun } from '#kernel/period';
import { chooseOptions, type Invoicable, type Line, collectLines, cartVersion, sumLines } from '../records/index.ts';
import { buildLineFacts, describeLine } from './describe-line.ts';
import type { LineView, OrderView } from './order-parts.ts';

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
