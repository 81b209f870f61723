import assert from 'node:assert/strict';
import { findPlansByIds, type Plan } from '#catalog';
import {
  accounts,
  findEntries,
  fromSubjectColumns,
  moveAmount,
  type NewEntry,
  postEvent,
  type LedgerSubject,
} from '#ledger';
import { emit } from '#platform/jobs/events';
import type { LedgerEntryId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { type AcceptedOutcome, type Attempt, type Charge, recordCharge } from '#payments';
import { findManagerIds } from '#profiles';
import { addRolloverQuota, openOrExtend, subscriptionSubject } from '#subscriptions';
import {
  updateOrderedItems,
  isSeatSubject,
  type Order,
  type OrderLine,
  makeSeatSubject,
  updateBookedLine,
  updateOrderState,
  deleteRememberedCoupon,
  balanceKey,
  itemKey,
  deleteShownKeys,
} from '../records/index.ts';
import { issueClaims } from '../claims/index.ts';
import { describePeriods } from '../quotes/index.ts';
import { orderExecuted } from '../events.ts';
import { type LineNames, nameLines } from './describe-lines.ts';

/** Order line with what it books. */
interface BookedLine {
  line: OrderLine;
  subscription_id: SubscriptionId | null;
  subject: LedgerSubject;
  description: string;
  covers_from: Date | null;
  covers_to: Date | null;
}

/**
 * Settles an order: opens or extends subscriptions, posts ledger entries, removes the items from the cart, issues
 * claims and records the charge with one item per line. Emits `order_executed`.
 *
 * Amounts are those of the reservation; only dates are computed here, from the subscriptions. Everything is booked at
 * the instant of the reservation, also by a job that settles later.
 * @see docs/spec/billing.md 2.3, 2.5 and 4.5
 */
export async function bookOrder(
  tx: Tx,
  order: Order,
  lines: readonly OrderLine[],
  payment: { attempt: Attempt; outcome: AcceptedOutcome } | null,
  at: Date,
): Promise<Charge | null> {
  const plans = await findPlansByIds(
    tx,
    lines.flatMap((line) => line.plan_id ?? []),
  );
  const booked = await bookSubscriptions(tx, order, lines, plans);
  const entry_ids = await postOrder(tx, order, booked);
  for (const [index, each] of booked.entries()) {
    const ledger_entry_id = entry_ids[index];
    assert(ledger_entry_id !== undefined, 'every line of an order has an entry');
    const { line, ...facts } = each;
    await updateBookedLine(tx, line.id, { ...facts, ledger_entry_id });
  }
  await updateOrderedItems(
    tx,
    lines.flatMap((line) => line.cart_item_id ?? []),
    order.created_at,
  );
  await deleteOrderedShownLines(tx, order, lines);
  await issueClaims(tx, order, lines, at);
  await updateOrderState(tx, order.id, 'settled', at);
  const names = await nameLines(
    tx,
    booked.map(({ line, covers_to }) => ({ ...line, covers_to, payer_id: order.profile_id })),
  );
  const charge =
    payment === null
      ? null
      : await recordCharge(
          tx,
          payment.attempt,
          payment.outcome,
          chargeItems(booked, entry_ids, names),
          order.created_at,
        );
  await emit(
    tx,
    orderExecuted({
      order_id: order.id,
      profile_id: order.profile_id,
      user_id: order.created_by,
      processor_key: charge?.processor_key ?? null,
      lines: booked.map(({ line: { provider_id, amount, unit } }, index) => ({
        provider_id,
        description: names[index]?.text ?? '',
        amount,
        unit,
      })),
    }),
    at,
  );
  return charge;
}

/** Deletes the shown lines of ordered items, and the remembered code if the order has a coupon. */
async function deleteOrderedShownLines(tx: Tx, order: Order, lines: readonly OrderLine[]): Promise<void> {
  if (order.created_by === null) return;
  const owner = { user_id: order.created_by };
  const keys = lines.flatMap(({ cart_item_id, kind, ledger_entry_id, ...line }) => {
    if (kind === 'balance') return [balanceKey(order.profile_id, fromSubjectColumns(line), ledger_entry_id)];
    return cart_item_id === null ? [] : [itemKey(cart_item_id)];
  });
  await deleteShownKeys(tx, owner, keys);
  if (lines.some(({ coupon_id }) => coupon_id !== null)) await deleteRememberedCoupon(tx, owner);
}

async function bookSubscriptions(
  tx: Tx,
  order: Order,
  lines: readonly OrderLine[],
  plans: ReadonlyMap<number, Plan>,
): Promise<BookedLine[]> {
  const opened = new Map<string, SubscriptionId>();
  const seats = new Map<number, LedgerSubject>();
  const booked: BookedLine[] = [];
  // `period` lines come first, so that fees and uses of the same plan find the subscription.
  const sorted = lines.toSorted((a, b) => Number(b.kind === 'period') - Number(a.kind === 'period') || a.rank - b.rank);
  for (const line of sorted) {
    const plan = line.plan_id === null ? undefined : plans.get(line.plan_id);
    assert(plan, 'every line of an order names a plan');
    if (line.claim_email !== null) {
      const subject = seats.get(plan.id) ?? makeSeatSubject();
      seats.set(plan.id, subject);
      const { subscription_id, description, covers_from, covers_to } = line;
      booked.push({ line, subscription_id, subject, description, covers_from, covers_to });
      continue;
    }
    assert(line.beneficiary_id !== null, 'a line is for a profile unless it is for a person without an account');
    const key = `${line.beneficiary_id}/${plan.id}`;
    if (line.kind === 'period') {
      const { subscription, covers_from, covers_to } = await openOrExtend(tx, {
        profile_id: line.beneficiary_id,
        plan,
        periods_count: line.periods_count,
        ...(line.period_type === null ? {} : { period_type: line.period_type }),
        at: order.created_at,
        is_gift: await isGift(tx, order, line.beneficiary_id),
        originated_by: order.created_by,
      });
      opened.set(key, subscription.id);
      booked.push({
        line,
        subscription_id: subscription.id,
        subject: subscriptionSubject(subscription.id),
        description: describeBooked(line, plan, covers_from, covers_to),
        covers_from,
        covers_to,
      });
      continue;
    }
    const subscription_id = opened.get(key) ?? line.subscription_id;
    const use = plan.use_charges.find((each) => each.id === line.use_charge_id) ?? null;
    const use_slug = line.kind === 'use' ? use?.slug : undefined;
    const subject =
      fromSubjectColumns(line) ?? (subscription_id === null ? null : subscriptionSubject(subscription_id, use_slug));
    assert(subject && (subscription_id !== null || isSeatSubject(subject)), 'a fee or a use belongs to a subscription');
    if (line.kind === 'use' && use && subscription_id) await addRolloverQuota(tx, subscription_id, use, line.quantity);
    booked.push({ line, subscription_id, subject, description: line.description, covers_from: null, covers_to: null });
  }
  return booked.toSorted((a, b) => a.line.rank - b.line.rank);
}

/** True unless the beneficiary is the payer, or is managed by the user who ordered. */
async function isGift(tx: Tx, order: Order, beneficiary_id: ProfileId): Promise<boolean> {
  if (beneficiary_id === order.profile_id) return false;
  if (order.created_by === null) return true;
  return !(await findManagerIds(tx, beneficiary_id)).includes(order.created_by);
}

/** Posts the new lines of an order as one event. Returns the entry of each line; a line paid late keeps its entry. */
async function postOrder(tx: Tx, order: Order, booked: readonly BookedLine[]): Promise<LedgerEntryId[]> {
  const new_lines = booked.filter(({ line }) => line.ledger_entry_id === null);
  const posted =
    new_lines.length === 0
      ? []
      : await postEvent(tx, {
          key: `order:${order.id}`,
          kind: 'order',
          at: order.created_at,
          entries: new_lines.map((each) => orderEntry(order, each)),
        });
  const late_entries = await findEntries(
    tx,
    booked.flatMap(({ line }) => line.ledger_entry_id ?? []),
  );
  let next = 0;
  return booked.map(({ line }) => {
    if (line.ledger_entry_id !== null) {
      assert(late_entries.has(line.ledger_entry_id), 'an order that is paid late has an entry');
      return line.ledger_entry_id;
    }
    const entry = posted[next++];
    assert(entry, 'every new line was posted');
    return entry.id;
  });
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

/** Returns one charge item per line, free lines included: the ledger books the distribution of each line. */
function chargeItems(booked: readonly BookedLine[], entry_ids: readonly LedgerEntryId[], names: readonly LineNames[]) {
  return booked.flatMap(({ line }, index) => {
    const entry_id = entry_ids[index];
    if (entry_id === undefined) return [];
    return [
      {
        entry_id,
        provider_id: line.provider_id,
        amount: line.amount,
        broker_fee_percent: line.broker_fee_percent,
        event_label: names[index]?.label ?? '',
        title: names[index]?.text ?? '',
      },
    ];
  });
}

/** Returns the description of a `period` line with the actual end; unchanged if the end did not move. */
function describeBooked(line: OrderLine, plan: Plan, covers_from: Date, covers_to: Date): string {
  const { description, description_suffix, periods_count, period_type } = line;
  if (description_suffix === null || line.covers_to?.getTime() === covers_to.getTime()) return description;
  const periods = { periods_count, period_type: period_type ?? plan.period_type, covers_from, covers_to };
  return `${describePeriods(plan, periods)}${description_suffix}`;
}
