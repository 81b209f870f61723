import { percent, roundDown } from './amounts.ts';
import { type CartItem, cartOf, type Coupon, type Debt, type Line, type Model, type Plan, type Seat } from './model.ts';

/** True if a coupon reduces the price of a plan at `at`. */
export function isUsable(coupon: Coupon, plan: Plan, at: number): boolean {
  return (
    coupon.provider === plan.provider &&
    (coupon.plan === null || coupon.plan === plan.slug) &&
    (coupon.ends_at === null || at < coupon.ends_at) &&
    (coupon.left === null || coupon.left > 0)
  );
}

interface Option {
  amount: number;
  periods_count: number;
}

/** Prices of a plan: one plan period, then the advance options that cost something. */
function optionsOf(plan: Plan, coupon: Coupon | null): Option[] {
  const reduce = (amount: number) => {
    if (coupon === null) return roundDown(amount, plan.unit);
    const { kind, value } = coupon;
    const off = kind === 'percentage' ? percent(amount, value) : kind === 'currency' ? value : value * plan.amount;
    return roundDown(Math.max(amount - off, 0), plan.unit);
  };
  const advance = plan.advance.map(({ kind, value, length }) => {
    const full = plan.amount * length;
    const off = kind === 'percentage' ? percent(full, value) : kind === 'currency' ? value : value * plan.amount;
    const price = kind === 'percentage' ? full - off - ((full - off) % 100) : full - off;
    return { amount: reduce(price), periods_count: length * plan.period_length };
  });
  return [
    { amount: reduce(plan.amount), periods_count: plan.period_length },
    ...advance.filter(({ amount }) => amount > 0),
  ];
}

/** True if a seat is paid and not refunded in full. */
export function isOpen(seat: Seat): boolean {
  const total = seat.debts.reduce((sum, { amount }) => sum + amount, 0);
  const isPaid = seat.debts.every(
    ({ amount, charge }) => amount === 0 || charge?.state === 'created' || charge?.state === 'done',
  );
  return isPaid && (total === 0 || refundedOf(seat) < total);
}

function refundedOf(seat: Seat): number {
  return seat.debts.reduce((sum, debt) => {
    const line = debt.charge?.lines.find((each) => each.debt === debt);
    return sum + (line ? line.amount - line.left.amount : 0);
  }, 0);
}

interface Group {
  key: string;
  kind: 'balance' | 'cart';
  lines: Line[];
}

/** What a payer would pay: balances due, then the cart, by subscriber and plan. */
export function quote(model: Model, payer: string): Line[] {
  const groups = [...balances(model, payer), ...cartOf(model, payer).flatMap((item) => itemGroup(model, payer, item))];
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return groups.toSorted((a, b) => compare(a.key, b.key) || compare(a.kind, b.kind)).flatMap(({ lines }) => lines);
}

function itemGroup(model: Model, payer: string, item: CartItem): Group[] {
  const { plan, seat } = item;
  const base = { plan, item, debt: null, subject: null, periods_count: 0, coupon: null, is_seat: false };
  if (seat !== null) {
    if (!isOpen(seat)) return [];
    const { periods_count } = seat;
    const line: Line = { ...base, kind: 'prepaid', amount: 0, periods_count, beneficiary: payer };
    return [{ key: `${payer}:${plan.slug}+${model.claims.indexOf(seat.claim)}`, kind: 'cart', lines: [line] }];
  }
  return [{ key: `${item.sync_on ?? payer}:${plan.slug}`, kind: 'cart', lines: itemLines(model, payer, item) }];
}

/** Lines of an item: the time, and the setup fee of a first subscription. */
export function itemLines(model: Model, payer: string, item: CartItem): Line[] {
  const { plan } = item;
  const base = { plan, item, debt: null, subject: null, periods_count: 0, coupon: null };
  const beneficiary = item.sync_on ?? payer;
  const is_seat = model.people.has(beneficiary);
  const coupon = item.coupon !== null && isUsable(item.coupon, plan, model.now) ? item.coupon : null;
  const options = optionsOf(plan, coupon);
  const chosen = options[item.option - 1] ?? options[0];
  if (!chosen) throw new Error('a plan has an option');
  const isKnown = model.subscriptions.some((each) => each.profile === beneficiary && each.plan === plan.slug);
  const setup: Line[] =
    plan.setup > 0 && !isKnown ? [{ ...base, kind: 'setup', amount: plan.setup, beneficiary, is_seat }] : [];
  const period: Line = { ...base, kind: 'period', ...chosen, beneficiary, is_seat, coupon };
  return [period, ...setup];
}

/** Part of what a payer owes: unpaid orders, or the amount due if it is no sum of them. */
export interface DuePart {
  subject: string;
  beneficiary: string;
  plan: Plan;
  amount: number;
  debt: Debt | null;
}

/**
 * Returns what a payer owes by subject. With `own_only`, of subscriptions too only the orders of the payer count.
 * @see docs/spec/billing.md 2.14
 */
export function dueParts(model: Model, payer: string, own_only = false): DuePart[] {
  return [...model.books.due].flatMap(([place, due]): DuePart[] => {
    const [subject = '', unit = ''] = place.split(' ');
    if (due <= 0 || !model.books.payers.get(subject)?.has(payer)) return [];
    const subscription = model.subscriptions.find((each) => each.subject === subject);
    const isOwnOnly = own_only || (subscription !== undefined && subscription.profile !== payer);
    const own = newestUpTo(model, subject, unit, due).filter((debt) => debt.payer === payer);
    const own_amount = own.reduce((sum, { amount }) => sum + amount, 0);
    const base = { subject, beneficiary: subscription?.profile ?? payer };
    if (own_amount === due || (isOwnOnly && own_amount < due))
      return own.map((debt) => ({ ...base, plan: debt.plan, amount: debt.amount, debt }));
    const plan = model.debts.find((debt) => debt.subject === subject)?.plan;
    if (!plan) throw new Error('a subject that owes has an order');
    return [{ ...base, plan, amount: due, debt: null }];
  });
}

/** True for an order whose link the provider has closed. */
const isCollected = ({ links }: Model, debt: Debt) =>
  links.some(({ adjustment, debts }) => adjustment !== null && !adjustment.is_reversed && debts.includes(debt));

/** Returns the newest orders without a charge that paid them, up to the amount due. */
function newestUpTo(model: Model, subject: string, unit: string, due: number): Debt[] {
  let left = due;
  return model.debts.toReversed().filter((debt) => {
    if (debt.subject !== subject || debt.unit !== unit || debt.amount === 0 || left <= 0) return false;
    if ((debt.charge !== null && debt.charge.state !== 'created') || isCollected(model, debt)) return false;
    left -= debt.amount;
    return true;
  });
}

/** Lines of the balances that a checkout pays with the cart. */
export function balances(model: Model, payer: string): Group[] {
  const bySubject = Map.groupBy(dueParts(model, payer, true), ({ subject }) => subject);
  return [...bySubject].map(([subject, parts]): Group => {
    const [{ beneficiary, plan } = { beneficiary: payer, plan: null }] = parts;
    return {
      key: `${beneficiary}:${plan?.slug}`,
      kind: 'balance',
      lines: parts.map((part) => ({
        ...part,
        subject,
        kind: 'balance',
        periods_count: 0,
        is_seat: false,
        coupon: null,
        item: null,
      })),
    };
  });
}
