import type { Money } from '#kernel/money';
import { periodNoun } from '#kernel/period';
import { type Invoicable, type Line, allLines, cartVersion, totalOf } from '../records/index.ts';
import { factsOfLine, lineText } from './line-text.ts';

/** What the pages of an order show; texts and amounts only, no ids. */
export function viewInvoicables(invoicables: readonly Invoicable[]): Record<string, unknown> {
  const total = totalOf(allLines(invoicables), invoicables[0]?.plan.unit ?? 'usd');
  return {
    invoicables: invoicables.map((each) => ({
      key: each.key,
      name: each.kind === 'balance' ? `${each.plan.title}: balance due` : each.plan.title,
      descr: each.kind === 'cart' ? each.plan.description : '',
      option: each.lines.find((line) => line.item)?.item?.option ?? 0,
      lines: each.lines.map((line) => viewLine(line, each)),
      options: each.options.map((line) => viewLine(line, each)),
    })),
    totals: totalsOf(allLines(invoicables)),
    lines_price: total ?? { amount: 0, unit: 'usd' },
    cart_version: cartVersion(invoicables),
    redeemed: couponsOf(invoicables),
  };
}

/** One sum for each currency. Of several, no single payment can be made. */
function totalsOf(lines: readonly Line[]): Money[] {
  const byUnit = Map.groupBy(
    lines.filter(({ amount }) => amount > 0),
    ({ unit }) => unit,
  );
  return [...byUnit].map(([unit, theirs]) => ({ amount: totalOf(theirs, unit)?.amount ?? 0, unit }));
}

function viewLine(line: Line, { plan }: Invoicable): Record<string, unknown> {
  const { option } = line;
  return {
    // The ways into a plan with an unlock event have a text of their own.
    description: option && option.kind !== 'period' ? line.description : lineText(factsOfLine(line, plan)),
    dest_amount: line.amount,
    dest_unit: line.unit,
    full_amount: option && option.full_amount !== line.amount ? option.full_amount : null,
    periods: option ? `${option.periods_count} ${periodNoun(plan.period_type, option.periods_count)}` : null,
    discounts: option && option.discounts.length > 0 ? option.discounts.join(' and ') : null,
  };
}

function couponsOf(invoicables: readonly Invoicable[]): { code: string }[] {
  const lines = invoicables.flatMap((each) => [...each.lines, ...each.options]);
  return [...new Set(lines.flatMap(({ coupon }) => coupon?.code ?? []))].map((code) => ({ code }));
}
