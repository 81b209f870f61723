import assert from 'node:assert/strict';
import type { Plan } from '#catalog';
import { accounts, fromSubjectColumns, type LedgerSubject, moveAmount, type NewEntry } from '#ledger';
import type { PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import {
  type BoughtUses,
  type Opened,
  type Opening,
  type Slot,
  type Subscription,
  subscriptionSubject,
} from '#subscriptions';
import { describePeriods } from '../quotes/index.ts';
import { balanceKey, isSeatSubject, itemKey, makeSeatSubject, type Order, type OrderLine } from '../records/index.ts';

/** Order line with what it books. */
export interface BookedLine {
  line: OrderLine;
  subscription_id: SubscriptionId | null;
  subject: LedgerSubject;
  description: string;
  /** Anchor of the periods of the subscription; null without one, and for a line of one that the order leaves alone. */
  anchor_at: Date | null;
  covers_from: Date | null;
  covers_to: Date | null;
}

type OrderedLine = OrderLine & { beneficiary_id: ProfileId; plan_id: PlanId };

/** Returns the lines that open or extend a subscription, in the order in which they do. */
export function periodLines(lines: readonly OrderLine[]): OrderedLine[] {
  return lines
    .filter(({ kind, claim_email }) => (kind === 'period' || kind === 'trial') && claim_email === null)
    .toSorted((a, b) => a.rank - b.rank)
    .map((line) => {
      const { beneficiary_id, plan_id } = line;
      assert(beneficiary_id !== null, 'a line is for a profile unless it is for a person without an account');
      return { ...line, beneficiary_id, plan_id: planIdOf(line, plan_id) };
    });
}

function planIdOf(line: OrderLine, plan_id: PlanId | null): PlanId {
  assert(plan_id !== null, `line ${line.id} of an order names a plan`);
  return plan_id;
}

/** Returns the slots of the subscriptions that lines open or extend. */
export function slotsOf(lines: readonly OrderLine[]): Slot[] {
  return periodLines(lines).map(({ beneficiary_id, plan_id }) => ({ profile_id: beneficiary_id, plan_id }));
}

/** Returns the openings of `periodLines`. `isGift` is true for a beneficiary that another profile pays for. */
export function openingsOf(
  order: Order,
  lines: readonly OrderedLine[],
  plans: ReadonlyMap<PlanId, Plan>,
  isGift: (beneficiary_id: ProfileId) => boolean,
): Opening[] {
  return lines.map((line) => ({
    profile_id: line.beneficiary_id,
    plan: getPlan(plans, line),
    periods_count: line.periods_count,
    ...(line.period_type === null ? {} : { period_type: line.period_type }),
    ...(line.trial_days === null ? {} : { trial_days: line.trial_days }),
    quantity: Math.max(1, line.quantity),
    at: order.created_at,
    is_gift: isGift(line.beneficiary_id),
    originated_by: order.created_by,
  }));
}

function getPlan(plans: ReadonlyMap<PlanId, Plan>, { plan_id }: Pick<OrderLine, 'plan_id'>): Plan {
  const plan = plan_id === null ? undefined : plans.get(plan_id);
  assert(plan, 'every line of an order names a plan');
  return plan;
}

/**
 * Returns what each line books, in the order of the lines, and the uses that were bought in advance. `opened` are the
 * subscriptions of `periodLines`; fees and uses of the same plan and beneficiary belong to them. Pure.
 */
export function bookLines(
  lines: readonly OrderLine[],
  opened: readonly Opened[],
  plans: ReadonlyMap<PlanId, Plan>,
): { booked: BookedLine[]; uses: BoughtUses[] } {
  const openedByRank = new Map(periodLines(lines).map(({ rank }, index) => [rank, opened[index]]));
  const openedByKey = new Map(
    opened.map(({ subscription }) => [`${subscription.profile_id}/${subscription.plan_id}`, subscription]),
  );
  const seats = new Map<PlanId, LedgerSubject>();
  const uses: BoughtUses[] = [];
  const booked = lines
    .toSorted((a, b) => a.rank - b.rank)
    .map((line): BookedLine => {
      const plan = getPlan(plans, line);
      if (line.claim_email !== null) return bookSeat(line, plan, seats);
      const opening = openedByRank.get(line.rank);
      if (opening) return bookPeriod(line, plan, opening);
      const held = openedByKey.get(`${line.beneficiary_id}/${plan.id}`);
      const subscription_id = held?.id ?? line.subscription_id;
      const use = plan.use_charges.find((each) => each.id === line.use_charge_id) ?? null;
      const use_slug = line.kind === 'use' ? use?.slug : undefined;
      const subject =
        fromSubjectColumns(line) ?? (subscription_id === null ? null : subscriptionSubject(subscription_id, use_slug));
      assert(
        subject && (subscription_id !== null || isSeatSubject(subject)),
        'a fee or a use belongs to a subscription',
      );
      if (line.kind === 'use' && use && subscription_id !== null)
        uses.push({ subscription_id, use_charge_id: use.id, quota: use.quota, quantity: line.quantity });
      const { description } = line;
      const anchor_at = held?.anchor_at ?? null;
      return { line, subscription_id, subject, description, anchor_at, covers_from: null, covers_to: null };
    });
  return { booked, uses };
}

/**
 * Returns what the lines of an operation on one subscription book: the new ones belong to it and cover their own time,
 * the others are paid late. Pure.
 */
export function bookLinesOn(lines: readonly OrderLine[], { id, anchor_at }: Subscription): BookedLine[] {
  return lines
    .toSorted((a, b) => a.rank - b.rank)
    .map((line): BookedLine => {
      const { description, covers_from, covers_to } = line;
      if (line.ledger_entry_id === null) {
        // The time of a line that does not recur was paid before: it opens no coverage.
        const is_paid_before = line.kind === 'period' && line.recurring_amount === null;
        return {
          line,
          subscription_id: id,
          subject: subscriptionSubject(id),
          description,
          anchor_at: is_paid_before ? null : anchor_at,
          covers_from,
          covers_to,
        };
      }
      const subject = fromSubjectColumns(line);
      assert(subject, 'an order that is paid late has a subject');
      const none = { anchor_at: null, covers_from: null, covers_to: null };
      return { line, subscription_id: line.subscription_id, subject, description, ...none };
    });
}

function bookSeat(line: OrderLine, plan: Plan, seats: Map<PlanId, LedgerSubject>): BookedLine {
  const subject = seats.get(plan.id) ?? makeSeatSubject();
  seats.set(plan.id, subject);
  const { subscription_id, description } = line;
  // The time that a seat pays for begins when it is claimed.
  return { line, subscription_id, subject, description, anchor_at: null, covers_from: null, covers_to: null };
}

function bookPeriod(line: OrderLine, plan: Plan, { subscription, covers_from, covers_to }: Opened): BookedLine {
  return {
    line,
    subscription_id: subscription.id,
    subject: subscriptionSubject(subscription.id),
    description: describeBooked(line, plan, covers_from, covers_to),
    anchor_at: subscription.anchor_at,
    covers_from,
    covers_to,
  };
}

/** Returns the description of a `period` line with the actual end; unchanged if the end did not move. */
function describeBooked(line: OrderLine, plan: Plan, covers_from: Date, covers_to: Date): string {
  const { description, description_suffix, periods_count, period_type } = line;
  if (description_suffix === null || line.covers_to?.getTime() === covers_to.getTime()) return description;
  const periods = { periods_count, period_type: period_type ?? plan.period_type, covers_from, covers_to };
  return `${describePeriods(plan, periods)}${description_suffix}`;
}

/** Returns the entries of the new lines of an order; none for lines that were posted before and are paid late. */
export function orderEntries(order: Order, booked: readonly BookedLine[]): NewEntry[] {
  return booked.flatMap((each) => (each.line.ledger_entry_id === null ? [orderEntry(order, each)] : []));
}

function orderEntry(order: Order, { line, subject, description }: BookedLine): NewEntry {
  const [from, to] =
    line.kind === 'balance'
      ? ([accounts.settled, accounts.settled] as const)
      : ([accounts.receivable, accounts.payable] as const);
  return moveAmount({
    from: { profile_id: line.provider_id, account: from },
    to: { profile_id: order.profile_id, account: to },
    amount: line.amount,
    unit: line.unit,
    subject,
    description,
  });
}

/** Returns the keys of the shown lines that an order uses up. */
export function shownKeysOf(order: Order, lines: readonly OrderLine[]): string[] {
  return lines.flatMap(({ cart_item_id, kind, ledger_entry_id, ...line }) => {
    if (kind === 'balance') return [balanceKey(order.profile_id, fromSubjectColumns(line), ledger_entry_id)];
    return cart_item_id === null ? [] : [itemKey(cart_item_id)];
  });
}
