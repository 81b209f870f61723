import { findPlansByIds } from '#catalog';
import {
  type Entry,
  findStatementBalance,
  findSubjectOrders,
  fromSubjectColumns,
  isSameSubject,
  type LedgerSubject,
  type SubjectBalance,
} from '#ledger';
import type { PlanId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { chargesCovering } from '#payments';
import { findProfilesByIds, type Profile } from '#profiles';
import { findSubscriptionsByIds, subscriptionIdOf } from '#subscriptions';
import {
  type Invoicable,
  type Line,
  isSeatSubject,
  findPlansOfSeats,
  balanceKey,
  type ShownLine,
} from '../records/index.ts';

/**
 * Loads what a profile owes on its subscriptions, as lines to pay: the unpaid orders themselves when they make up the amount
 * due, one line for the whole amount otherwise. Paying them never extends a subscription. Amounts in the payer's favour are left out.
 *
 * On a subscription of somebody else only the payer's own orders are: a gift makes nobody liable for what its receiver orders later.
 * With `own_only` it is the same on the payer's own subscriptions: nobody makes somebody pay for a gift that failed.
 * @see docs/spec/billing.md 2.14 and 4.5
 */
export async function loadBalances(
  reader: Reader,
  payer: Profile,
  at: Date,
  { own_only = false }: { own_only?: boolean } = {},
): Promise<Invoicable[]> {
  const { subjects } = await findStatementBalance(reader, payer.id, at);
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
  const [plans, profiles, orders] = [
    await findPlansByIds(
      reader,
      [...subscriptions.values()].map((subscription) => subscription.plan_id),
    ),
    await findProfilesByIds(
      reader,
      [...subscriptions.values()].map((subscription) => subscription.profile_id),
    ),
    await findUnpaid(
      reader,
      [...due.values()].flat().map(({ subject }) => subject),
      at,
    ),
  ];
  const owed = [...due].flatMap(([id, owing]): Invoicable[] => {
    const subscription = subscriptions.get(id);
    const plan = subscription && plans.get(subscription.plan_id);
    const beneficiary = subscription && profiles.get(subscription.profile_id);
    if (!subscription || !plan || !beneficiary) return [];
    const shares = own_only || subscription.profile_id !== payer.id;
    const lines = owing.flatMap((balance): Line[] => {
      const own = newestUpTo(balance, orders).filter((order) => order.dest_profile_id === payer.id);
      const own_amount = own.reduce((sum, order) => sum + order.dest_amount, 0);
      const whole = own_amount === balance.amount || (shares && own_amount < balance.amount);
      const base = {
        ...balanceBase,
        provider_id: plan.profile_id,
        broker_fee_percent: plan.broker_fee_percent,
        subject: balance.subject,
      };
      if (whole) {
        return own.map((order) => ({
          ...base,
          amount: order.dest_amount,
          unit: order.dest_unit,
          description: order.description,
          entry_id: order.id,
        }));
      }
      // Nobody owes itself: a provider on its own books for what others ordered.
      if (plan.profile_id === payer.id) return [];
      return [
        { ...base, amount: balance.amount, unit: balance.unit, description: `Balance on ${plan.slug}`, entry_id: null },
      ];
    });
    if (lines.length === 0) return [];
    const key = `${beneficiary.slug}:${plan.slug}`;
    const shown = lines.map((line) => shownBalance(payer.id, line));
    return [{ key, kind: 'balance', plan, beneficiary, subscription, lines, options: [], shown }];
  });
  return [...owed, ...seats];
}

/** What a payer owes for seats of people without an account: the unpaid orders of its own, one invoicable per subject. */
async function loadSeatBalances(
  reader: Reader,
  payer: Profile,
  balances: readonly SubjectBalance[],
  at: Date,
): Promise<Invoicable[]> {
  if (balances.length === 0) return [];
  const seats = balances.map(({ subject }) => subject);
  const planIds = await findPlansOfSeats(
    reader,
    seats.map(({ id }) => id),
  );
  const [plans, orders] = [await findPlansByIds(reader, [...planIds.values()]), await findUnpaid(reader, seats, at)];
  return balances.flatMap((balance): Invoicable[] => {
    const plan = plans.get(planIds.get(balance.subject.id) ?? (0 as PlanId)); // 0 is the id of no plan
    if (!plan) return [];
    const own = newestUpTo(balance, orders).filter((order) => order.dest_profile_id === payer.id);
    const lines = own.map((order): Line => ({
      ...balanceBase,
      provider_id: plan.profile_id,
      broker_fee_percent: plan.broker_fee_percent,
      subject: balance.subject,
      amount: order.dest_amount,
      unit: order.dest_unit,
      description: order.description,
      entry_id: order.id,
    }));
    if (lines.length === 0) return [];
    const shown = lines.map((line) => shownBalance(payer.id, line));
    const key = `${payer.slug}:${plan.slug}`;
    return [{ key, kind: 'balance', plan, beneficiary: payer, subscription: null, lines, options: [], shown }];
  });
}

/** Of what is due, what is due on a plan; all of it for null. */
export function balancesOn(plan: string | null, balances: readonly Invoicable[]): Invoicable[] {
  return balances.filter((each) => plan === null || each.plan.slug === plan);
}

/** The orders on subjects that no charge has paid. Those that wait for the processor are among them. */
async function findUnpaid(reader: Reader, subjects: readonly LedgerSubject[], at: Date): Promise<Entry[]> {
  const orders = await findSubjectOrders(reader, subjects, at);
  const covering = await chargesCovering(
    reader,
    orders.map(({ id }) => id),
  );
  return orders.filter(({ id }) => (covering.get(id)?.state ?? 'created') === 'created');
}

/** Of unpaid orders, newest first, those that make up what a subject owes: payments for no order in particular count for the oldest. */
function newestUpTo({ subject, amount, unit }: SubjectBalance, orders: readonly Entry[]): Entry[] {
  let left = amount;
  return orders.filter((order) => {
    const ordered = fromSubjectColumns(order);
    if (!ordered || !isSameSubject(ordered, subject) || order.dest_unit !== unit || left <= 0) return false;
    left -= order.dest_amount;
    return true;
  });
}

function shownBalance(payer_id: Profile['id'], { subject, entry_id, amount, unit }: Line): ShownLine {
  const key = balanceKey(payer_id, subject, entry_id);
  return { key, offer: JSON.stringify([amount, unit]), due: null, coupon_id: null, coupon_ends_at: null };
}

const balanceBase = { kind: 'balance', quantity: 1, option: null, use: null, coupon: null, item: null } as const;
