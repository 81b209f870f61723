import type { Selectable } from 'kysely';
import { type LedgerSubject, toSubjectColumns } from '#ledger';
import type { PayableLine } from '#payments';
import { randomKey40 } from '#platform/security/crypto';
import type { OrderLinesTable, OrdersTable } from '#platform/db/db-schema';
import type { Invoicable, Line } from './line.ts';

/**
 * Purchase of a profile at fixed prices. Reserved before the processor is called, then settled, refused, or given up if
 * the processor never received the charge.
 */
export type Order = Selectable<OrdersTable>;

/** Line of an order, with every fact that later steps need; no code parses its description. */
export type OrderLine = Selectable<OrderLinesTable>;

/** Line before it is inserted with its order. */
export type NewOrderLine = Omit<OrderLine, 'id' | 'order_id' | DefaultedColumn | 'noted_amount' | 'noted_due'> &
  Partial<Pick<OrderLine, DefaultedColumn>>;
/** Columns that only some lines set. */
type DefaultedColumn = 'renews_from' | 'credit_used' | 'trial_days' | 'promised_amount' | 'promised_setup_amount';

/**
 * Builds the rows of an order from its priced lines. A free line takes the unit of the order, because all lines of a
 * charge have one unit.
 */
export function buildOrderLines(unit: string, invoicables: readonly Invoicable[]): NewOrderLine[] {
  const lines = invoicables.flatMap((invoicable) => invoicable.lines.map((line) => ({ invoicable, line })));
  return lines.map(({ invoicable, line }, rank) => ({
    rank,
    kind: line.kind,
    provider_id: line.provider_id,
    beneficiary_id: invoicable.beneficiary?.id ?? null,
    claim_email: invoicable.seat?.email ?? null,
    claim_full_name: invoicable.seat?.full_name ?? '',
    claim_id: null,
    plan_id: invoicable.plan.id,
    use_charge_id: line.use?.id ?? null,
    subscription_id: invoicable.subscription?.id ?? null,
    cart_item_id: line.item?.id ?? null,
    coupon_id: line.coupon?.id ?? null,
    quantity: line.quantity,
    ...coverageOf(line, invoicable),
    ...promiseOf(line),
    ...pricesOf(line),
    unit: line.amount === 0 ? unit : line.unit,
    broker_fee_percent: line.broker_fee_percent,
    description: line.description,
    description_suffix: line.description_suffix ?? null,
    ...toSubjectColumns(line.subject),
    ledger_entry_id: line.entry_id,
  }));
}

/** Returns the lines of an order as a charge pays them, without what credit pays. They decide where it is charged. */
export function payableLines(lines: readonly NewOrderLine[]): PayableLine[] {
  return lines.map(({ provider_id, amount, credit_used = 0, broker_fee_percent }) => ({
    provider_id,
    amount: amount - credit_used,
    broker_fee_percent,
  }));
}

/** Makes the subject of the seats of one plan in one order. @see docs/spec/billing.md 2.15 */
export function makeSeatSubject(): LedgerSubject {
  return { kind: 'cpn', id: randomKey40().slice(4), part: null };
}

export function isSeatSubject(subject: LedgerSubject | null): boolean {
  return subject?.kind === 'cpn';
}

/** Returns the price before discounts, the price, and the price that recurs. A balance has no price of its own. */
function pricesOf({
  kind,
  amount,
  option,
}: Line): Pick<OrderLine, 'full_amount' | 'amount' | 'recurring_amount' | 'recurring_periods'> {
  return {
    full_amount: kind === 'balance' ? null : (option?.full_amount ?? amount),
    amount,
    recurring_amount: option === null ? null : option.recurring_amount,
    recurring_periods: option === null ? null : option.periods_count,
  };
}

function promiseOf({ trial }: Line): Pick<OrderLine, 'trial_days' | 'promised_amount' | 'promised_setup_amount'> {
  if (!trial) return { trial_days: null, promised_amount: null, promised_setup_amount: null };
  return { trial_days: trial.days, promised_amount: trial.amount, promised_setup_amount: trial.setup_amount };
}

function coverageOf(
  { option, period_type, trial }: Line,
  { plan }: Invoicable,
): Pick<OrderLine, 'periods_count' | 'period_type' | 'covers_from' | 'covers_to'> {
  if (trial) {
    return { periods_count: 0, period_type: null, covers_from: trial.covers_from, covers_to: trial.covers_to };
  }
  if (option === null) return { periods_count: 0, period_type: null, covers_from: null, covers_to: null };
  const { periods_count, covers_from, covers_to } = option;
  return { periods_count, period_type: period_type ?? plan.period_type, covers_from, covers_to };
}
