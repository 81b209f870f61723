import { findPlansByIds, type Plan } from '#catalog';
import {
  type Entry,
  findStatementBalance,
  findSubjectOrders,
  fromSubjectColumns,
  isSameSubject,
  type StatementBalance,
  type LedgerSubject,
  type SubjectBalance,
} from '#ledger';
import type { PlanId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { findCoveringCharges } from '#payments';
import { findProfilesByIds, type Profile } from '#profiles';
import { findSubscriptionsByIds, subscriptionIdOf } from '#subscriptions';
import {
  type Invoicable,
  type Line,
  findCollectedEntries,
  isSeatSubject,
  findPlansOfSeats,
  balanceKey,
  type ShownLine,
} from '../records/index.ts';

interface BalanceOptions {
  own_only?: boolean;
  by_order?: boolean;
  due?: StatementBalance;
}

/**
 * Loads the balances due of a profile on its subscriptions, as lines to pay: the unpaid orders if they add up to the
 * amount due, otherwise one line for the whole amount. Paying them never extends a subscription. Excludes credit.
 *
 * On a subscription of another profile, only the payer's own orders are due: the giver of a gift does not owe later
 * orders of the receiver. With `own_only`, the same applies to the payer's own subscriptions, because a payer must not
 * be charged at checkout for a gift of another payer that failed. With `by_order`, payments without an order lower the
 * oldest orders: each line has an order, the oldest first. `due` is the amount due, if the caller has read it.
 * @see docs/spec/billing.md 2.14 and 4.5
 */
export async function loadBalances(
  reader: Reader,
  payer: Profile,
  at: Date,
  { own_only = false, by_order = false, due: given }: BalanceOptions = {},
): Promise<Invoicable[]> {
  const { subjects } = given ?? (await findStatementBalance(reader, payer.id, at));
  const due = new Map<SubscriptionId, SubjectBalance[]>();
  for (const balance of subjects) {
    const id = subscriptionIdOf(balance.subject);
    if (id !== null && balance.amount > 0) due.set(id, [...(due.get(id) ?? []), balance]);
  }
  const seats = await loadSeatBalances(
    reader,
    payer,
    subjects.filter(({ subject, amount }) => isSeatSubject(subject) && amount > 0),
    at,
  );
  if (due.size === 0) return seats;
  const subscriptions = await findSubscriptionsByIds(reader, [...due.keys()]);
  const plans = await findPlansByIds(
    reader,
    [...subscriptions.values()].map((subscription) => subscription.plan_id),
  );
  const beneficiaries = await findProfilesByIds(
    reader,
    [...subscriptions.values()].map((subscription) => subscription.profile_id),
  );
  const orders = await findUnpaid(
    reader,
    [...due.values()].flat().map(({ subject }) => subject),
    at,
  );
  const owed = [...due].flatMap(([id, balances]): Invoicable[] => {
    const subscription = subscriptions.get(id);
    const plan = subscription && plans.get(subscription.plan_id);
    const beneficiary = subscription && beneficiaries.get(subscription.profile_id);
    if (!subscription || !plan || !beneficiary) return [];
    const owes_own_orders_only = own_only || subscription.profile_id !== payer.id;
    const lines = balances.flatMap((balance) =>
      balanceLines(balance, { plan, payer, orders, owes_own_orders_only, by_order }),
    );
    if (lines.length === 0) return [];
    const key = `${beneficiary.slug}:${plan.slug}`;
    const shown = lines.map((line) => buildShownBalance(payer.id, line));
    return [{ key, kind: 'balance', plan, beneficiary, subscription, lines, options: [], shown }];
  });
  return [...owed, ...seats];
}

interface BalanceFacts {
  plan: Plan;
  payer: Profile;
  /** Unpaid orders of all payers, newest first. */
  orders: readonly Entry[];
  owes_own_orders_only: boolean;
  by_order: boolean;
}

/** Returns the lines of one balance: the payer's unpaid orders, or one line for the whole amount. */
function balanceLines(
  balance: SubjectBalance,
  { plan, payer, orders, owes_own_orders_only, by_order }: BalanceFacts,
): Line[] {
  if (by_order) return orderLinesUpTo(balance, { plan, payer, orders });
  const own = newestUpTo(balance, orders).filter((order) => order.dest_profile_id === payer.id);
  const own_amount = own.reduce((sum, order) => sum + order.dest_amount, 0);
  if (own_amount === balance.amount || (owes_own_orders_only && own_amount < balance.amount)) {
    return own.map((order) => orderLine(order, balance, plan));
  }
  // A provider owes itself nothing for what other profiles ordered.
  if (plan.profile_id === payer.id) return [];
  const { amount, unit, subject } = balance;
  return [{ ...baseLine(plan), subject, amount, unit, description: `Balance on ${plan.slug}`, entry_id: null }];
}

/** Returns lines of the payer's newest orders that make up a balance, each with what is left of it, oldest first. */
function orderLinesUpTo(
  balance: SubjectBalance,
  { plan, payer, orders }: Pick<BalanceFacts, 'plan' | 'payer' | 'orders'>,
): Line[] {
  let left = balance.amount;
  const parts = newestUpTo(balance, orders).map((order) => {
    const amount = Math.min(order.dest_amount, left);
    left -= amount;
    return { order, amount };
  });
  return parts
    .filter(({ order }) => order.dest_profile_id === payer.id)
    .map(({ order, amount }) => ({ ...orderLine(order, balance, plan), amount }))
    .toReversed();
}

/** Loads the payer's unpaid orders for seats of people without an account, one invoicable per subject. */
async function loadSeatBalances(
  reader: Reader,
  payer: Profile,
  balances: readonly SubjectBalance[],
  at: Date,
): Promise<Invoicable[]> {
  if (balances.length === 0) return [];
  const seats = balances.map(({ subject }) => subject);
  const plan_ids = await findPlansOfSeats(
    reader,
    seats.map(({ id }) => id),
  );
  const [plans, orders] = [await findPlansByIds(reader, [...plan_ids.values()]), await findUnpaid(reader, seats, at)];
  return balances.flatMap((balance): Invoicable[] => {
    const plan = plans.get(plan_ids.get(balance.subject.id) ?? (0 as PlanId)); // 0 is the id of no plan
    if (!plan) return [];
    const lines = balanceLines(balance, { plan, payer, orders, owes_own_orders_only: true, by_order: false });
    if (lines.length === 0) return [];
    const shown = lines.map((line) => buildShownBalance(payer.id, line));
    const key = `${payer.slug}:${plan.slug}`;
    return [{ key, kind: 'balance', plan, beneficiary: payer, subscription: null, lines, options: [], shown }];
  });
}

/** Filters balances by the slug of a plan; returns all for null. */
export function filterBalances(plan: string | null, balances: readonly Invoicable[]): Invoicable[] {
  return balances.filter((each) => plan === null || each.plan.slug === plan);
}

/**
 * Selects the orders on subjects that neither a charge has paid nor the provider has collected, newest first. Includes
 * those whose charge is pending.
 */
async function findUnpaid(reader: Reader, subjects: readonly LedgerSubject[], at: Date): Promise<Entry[]> {
  const orders = await findSubjectOrders(reader, subjects, at);
  if (orders.length === 0) return [];
  const ids = orders.map(({ id }) => id);
  const [covering, collected] = await mergeReads(reader, [
    (together) => findCoveringCharges(together, ids),
    (together) => findCollectedEntries(together, ids),
  ]);
  return orders.filter(({ id }) => (covering.get(id)?.state ?? 'created') === 'created' && !collected.has(id));
}

/**
 * Returns the newest unpaid orders that make up the balance of a subject. A payment without an order counts for the
 * oldest orders. `orders` are sorted newest first.
 */
function newestUpTo({ subject, amount, unit }: SubjectBalance, orders: readonly Entry[]): Entry[] {
  let left = amount;
  return orders.filter((order) => {
    const ordered = fromSubjectColumns(order);
    if (!ordered || !isSameSubject(ordered, subject) || order.dest_unit !== unit || left <= 0) return false;
    left -= order.dest_amount;
    return true;
  });
}

function buildShownBalance(payer_id: Profile['id'], { subject, entry_id, amount, unit }: Line): ShownLine {
  const key = balanceKey(payer_id, subject, entry_id);
  return { key, offer: JSON.stringify([amount, unit]), due: null, coupon_id: null, coupon_ends_at: null };
}

/** Returns the line that pays one unpaid order late. */
function orderLine(order: Entry, { subject }: SubjectBalance, plan: Plan): Line {
  const { dest_amount: amount, dest_unit: unit, description, id: entry_id } = order;
  return { ...baseLine(plan), subject, amount, unit, description, entry_id };
}

function baseLine({ profile_id: provider_id, broker_fee_percent }: Plan) {
  return {
    kind: 'balance',
    quantity: 1,
    option: null,
    use: null,
    coupon: null,
    item: null,
    provider_id,
    broker_fee_percent,
  } as const;
}
