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

interface Booked {
  line: OrderLine;
  subscription_id: SubscriptionId | null;
  subject: LedgerSubject;
  description: string;
  covers_from: Date | null;
  covers_to: Date | null;
}

/**
 * Makes a reserved order real, in the caller's transaction: subscriptions run, the ledger has the orders, the cart is empty,
 * and the charge, if there is one, is on record against the very lines that it pays.
 *
 * What was priced is what is booked; only the dates are settled here, as they follow the subscription.
 * The order's instant is that of its reservation, so a job that finishes it later changes nothing.
 * @see docs/spec/billing.md 2.3, 2.5 and 4.5
 */
export async function bookOrder(
  tx: Tx,
  order: Order,
  lines: readonly OrderLine[],
  payment: { attempt: Attempt; answer: AcceptedOutcome } | null,
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
          payment.answer,
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

/** What was ordered is in the cart no longer: neither its lines as they were shown nor the code that was used. */
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
): Promise<Booked[]> {
  const opened = new Map<string, SubscriptionId>();
  const seats = new Map<number, LedgerSubject>();
  const booked: Booked[] = [];
  // Lines that run time come first, so that fees and uses of the same plan find the subscription.
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

/** Says whether the one who benefits neither pays nor is managed by who ordered. */
async function isGift(tx: Tx, order: Order, beneficiary_id: ProfileId): Promise<boolean> {
  if (beneficiary_id === order.profile_id) return false;
  if (order.created_by === null) return true;
  return !(await findManagerIds(tx, beneficiary_id)).includes(order.created_by);
}

/** Posts what is new of an order as one event, and answers the entry of every line: the old one for an order that is paid late. */
async function postOrder(tx: Tx, order: Order, booked: readonly Booked[]): Promise<LedgerEntryId[]> {
  const fresh = booked.filter(({ line }) => line.ledger_entry_id === null);
  const posted =
    fresh.length === 0
      ? []
      : await postEvent(tx, {
          key: `order:${order.id}`,
          kind: 'order',
          at: order.created_at,
          entries: fresh.map((each) => orderEntry(order, each)),
        });
  const known = await findEntries(
    tx,
    booked.flatMap(({ line }) => line.ledger_entry_id ?? []),
  );
  let next = 0;
  return booked.map(({ line }) => {
    if (line.ledger_entry_id !== null) {
      assert(known.has(line.ledger_entry_id), 'an order that is paid late stands in the ledger');
      return line.ledger_entry_id;
    }
    const entry = posted[next++];
    assert(entry, 'every new line was posted');
    return entry.id;
  });
}

function orderEntry(order: Order, { line, subject, description }: Booked): NewEntry {
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

/** Every line is an item of the charge, free ones too: the ledger then has the distribution of each line. */
function chargeItems(booked: readonly Booked[], entry_ids: readonly LedgerEntryId[], names: readonly LineNames[]) {
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
