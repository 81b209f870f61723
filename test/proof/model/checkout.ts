import { distribute } from './amounts.ts';
import { addPeriods, extendEnd } from './calendar.ts';
import {
  cartOf,
  type Charge,
  type Claim,
  type Coupon,
  type Debt,
  type Line,
  type Model,
  running,
  type Seat,
} from './model.ts';
import { balances, quote } from './quote.ts';
import { payCharge } from './payments.ts';

/** What happens to the payment: `lost` is charged without a response, `unreachable` never reaches the processor. */
export type Fate = 'accepted' | 'pending' | 'declined' | 'lost' | 'unreachable';

/** Response that the site must give. */
export interface Expected {
  status: number;
  code?: string;
  charge?: Charge;
}

const MINIMUMS: Readonly<Record<string, number>> = { jpy: 5000 };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const CODE_VALID_MS = 90 * DAY_MS;
/** Age at which an order that the processor does not have is given up. */
const GIVEN_UP_AFTER_MS = 2 * MINUTE_MS;
/** Time in which the payment of a given-up order can still appear. */
const HELD_FOR_MS = 60 * MINUTE_MS;

/** Checks out the cart of a payer and what the payer owes. */
export function checkOut(model: Model, payer: string, fate: Fate): Expected {
  if (model.reservations.some((each) => each.payer === payer)) return { status: 409, code: 'checkout_in_flight' };
  const due = balances(model, payer).flatMap(({ lines }) => lines);
  if (due.length > 0 && hasOpenPayment(model, payer, due)) return { status: 409, code: 'charge_pending' };
  const lines = quote(model, payer);
  const [first] = lines;
  // Claimed seats whose payment failed stay in the cart and are not offered.
  if (!first) return cartOf(model, payer).length > 0 ? { status: 409, code: 'cart_changed' } : { status: 200 };
  return payLines(model, payer, lines, fate);
}

/** Pays lines: reserves their order, and books it unless the outcome of the payment is unknown. */
export function payLines(model: Model, payer: string, lines: Line[], fate: Fate): Expected {
  const unit = lines.find(({ amount }) => amount > 0)?.plan.unit ?? lines[0]?.plan.unit ?? 'usd';
  if (lines.some((line) => line.amount > 0 && line.plan.unit !== unit)) return { status: 400, code: 'currency_mixed' };
  const amount = lines.reduce((sum, line) => sum + line.amount, 0);
  if (amount > 0 && amount < (MINIMUMS[unit] ?? 50)) return { status: 400, code: 'charge_too_small' };
  const coupons = [...new Set(lines.flatMap(({ coupon }) => coupon ?? []))];
  if (fate === 'declined' && amount > 0) return { status: 400, code: 'card_declined' };
  for (const coupon of coupons) if (coupon.left !== null) coupon.left -= 1;
  const order = { payer, at: model.now, lines, amount, unit, coupons };
  if (amount === 0 || fate === 'declined') {
    book(model, order, null);
    return { status: 200 };
  }
  if (fate === 'lost' || fate === 'unreachable') {
    const subjects = lines.flatMap(
      ({ subject, beneficiary, plan }) => subject ?? running(model, beneficiary, plan, model.now)?.subject ?? [],
    );
    model.reservations.push({ ...order, subjects, is_charged: fate === 'lost' });
    return { status: 503, code: 'payment_unknown' };
  }
  const charge = book(model, order, fate);
  return { status: 201, ...(charge === null ? {} : { charge }) };
}

/** True if a payment is open that may cover what a payer owes. */
export function hasOpenPayment(model: Model, payer: string, due: readonly { subject: string | null }[]): boolean {
  const subjects = due.flatMap(({ subject }) => subject ?? []);
  return (
    model.charges.some((charge) => charge.customer === payer && charge.state === 'created') ||
    model.debts.some((debt) => subjects.includes(debt.subject) && isOfOpenCharge(model, debt)) ||
    model.reservations.some((order) => order.subjects.some((subject) => subjects.includes(subject)))
  );
}

/** True if the charge that first paid for an order, or pays for it now, is open. */
function isOfOpenCharge(model: Model, debt: Debt): boolean {
  return model.charges.some(({ state, lines }) => state === 'created' && lines.some((line) => line.debt === debt));
}

interface Order {
  payer: string;
  at: number;
  lines: readonly Line[];
  amount: number;
  unit: string;
  coupons: readonly Coupon[];
}

/** Books an order: subscriptions, debts, seats, and the charge unless the order is free. */
export function book(model: Model, order: Order, fate: 'accepted' | 'pending' | null): Charge | null {
  const subjects = new Map<string, string>();
  const claims = new Map<string, Claim>();
  for (const line of order.lines) {
    if (line.kind === 'period' || line.kind === 'prepaid')
      subjects.set(slotOf(line), subjectOf(model, order, line, subjects));
  }
  const debts = order.lines.map((line) => {
    const subject = line.subject ?? subjects.get(slotOf(line));
    if (subject === undefined) throw new Error('a line has a subject');
    const debt = line.debt ?? post(model, order, line, subject);
    if (line.is_seat) addSeat(model, claims, line, debt);
    if (line.item !== null) line.item.is_ordered = true;
    if (line.item?.seat) line.item.seat.claimed_by = order.payer;
    return debt;
  });
  model.claims.push(...claims.values());
  if (order.coupons.length > 0) model.remembered.delete(order.payer);
  if (fate === null) return null;
  const parts = distribute(
    order.lines.map(({ amount, plan }) => ({ amount, broker_bps: plan.broker_bps })),
    order.unit,
    model.terms.fixedFee(order.unit),
  );
  const charge: Charge = {
    key: '',
    customer: order.payer,
    unit: order.unit,
    amount: order.amount,
    state: 'created',
    lines: debts.map((debt, index) => {
      const left = parts[index];
      if (!left) throw new Error('every line has parts');
      return { debt, amount: left.amount, left };
    }),
    dispute: [],
    is_lost: false,
    at: order.at,
    undelivered: null,
  };
  for (const debt of debts) debt.charge = charge;
  model.charges.push(charge);
  if (fate === 'accepted') payCharge(model, charge);
  return charge;
}

const slotOf = ({ beneficiary, plan, is_seat }: Line) =>
  is_seat ? `seat ${plan.slug}` : `${beneficiary} ${plan.slug}`;

/** Opens or extends the subscription of a line; the seats of one plan share a subject. */
function subjectOf(model: Model, order: Order, line: Line, subjects: ReadonlyMap<string, string>): string {
  const { plan, beneficiary, periods_count, is_seat } = line;
  if (is_seat) return subjects.get(slotOf(line)) ?? newSubject(model, 'seat');
  const present = running(model, beneficiary, plan, order.at);
  if (present) {
    present.ends_at = extendEnd(present.created_at, present.ends_at, periods_count, plan.period_type);
    return present.subject;
  }
  const ends_at = addPeriods(order.at, periods_count, plan.period_type);
  const subject = newSubject(model, 'sub');
  model.subscriptions.push({ profile: beneficiary, plan: plan.slug, created_at: order.at, ends_at, subject });
  return subject;
}

/** Names a subject that no order had before. */
export function newSubject(model: Model, kind: 'sub' | 'seat'): string {
  model.subjects_count += 1;
  return `${kind}:${model.subjects_count}`;
}

function post(model: Model, { payer }: Order, { kind, plan, amount }: Line, subject: string): Debt {
  const debt: Debt = { subject, payer, plan, amount, unit: plan.unit, charge: null };
  if (kind === 'balance') {
    // The marker of a balance is no order.
    model.books.move([plan.provider, 'settled'], [payer, 'settled'], amount, plan.unit);
    return debt;
  }
  model.books.order({ provider: plan.provider, payer, subject, amount, unit: plan.unit });
  model.debts.push(debt);
  return debt;
}

function addSeat(model: Model, claims: Map<string, Claim>, line: Line, debt: Debt): void {
  const { beneficiary: email, plan } = line;
  const claim = claims.get(email) ?? { email, expires_at: model.now + CODE_VALID_MS, seats: [] };
  claims.set(email, claim);
  const seat = claim.seats.find((each) => each.plan === plan);
  if (seat) seat.debts.push(debt);
  else claim.seats.push(newSeat(claim, line, debt));
}

function newSeat(claim: Claim, { plan, periods_count }: Line, debt: Debt): Seat {
  return { claim, plan, periods_count, debts: [debt], item: null, claimed_by: null };
}

/**
 * What the job does with the open orders while the clock moves from `from` to the present: it books those that were
 * charged and gives up the others. These release their redemptions when their payment can no longer appear.
 * @see docs/decisions/0073-orders-keep-what-they-counted.md
 */
export function finishReservations(model: Model, from: number): void {
  for (const at of runsBetween(from, model.now)) {
    const open = model.reservations;
    model.reservations = [];
    for (const order of open) {
      if (order.is_charged) book(model, order, 'accepted');
      else if (at - order.at < GIVEN_UP_AFTER_MS) model.reservations.push(order);
      else model.held.push({ coupons: order.coupons, given_up_at: at });
    }
    releaseHeld(model, at - HELD_FOR_MS);
  }
}

/** Releases the redemptions of the orders given up before an instant. */
function releaseHeld(model: Model, before: number): void {
  for (const { coupons, given_up_at } of model.held) {
    if (given_up_at >= before) continue;
    for (const coupon of coupons) if (coupon.left !== null) coupon.left += 1;
  }
  model.held = model.held.filter(({ given_up_at }) => given_up_at >= before);
}

/** Returns the runs of a job of each minute while the clock moves: the last one of each day (UTC), and of the move. */
function runsBetween(from: number, to: number): number[] {
  const runs: number[] = [];
  for (let day = from - (from % DAY_MS); day <= to; day += DAY_MS) {
    const end = Math.min(day + DAY_MS - 1, to);
    const run = end - (end % MINUTE_MS);
    if (run > from) runs.push(run);
  }
  return runs;
}
