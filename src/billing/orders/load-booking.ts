import assert from 'node:assert/strict';
import { findUserById } from '#accounts';
import { type Coupon, type Plan } from '#catalog';
import { accounts, findEntries, findHoldings, fromSubjectColumns, isSameSubject, type LedgerSubject } from '#ledger';
import type { Context } from '#platform/context';
import type { CouponId, PlanId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import type { AcceptedOutcome, Attempt, PlannedLine } from '#payments';
import { findManagedAmong, processorProfile, type Profile } from '#profiles';
import { latestSubscriptions, type PlannedOpenings, planOpenings, type Subscription } from '#subscriptions';
import type { Order, OrderLine } from '../records/index.ts';
import { type BookedLine, openingsOf, periodLines, slotsOf } from './book-lines.ts';
import { type LineNames, namingParts } from './describe-lines.ts';

/** A locked order that is booked now. `payment` is null if the total is zero. */
export interface Settlement {
  order: Order;
  lines: readonly OrderLine[];
  payment: { attempt: Attempt; outcome: AcceptedOutcome } | null;
  at: Date;
}

/** What the booking of an order needs of other rooms. */
export interface BookingFacts {
  plans: ReadonlyMap<PlanId, Plan>;
  coupons: ReadonlyMap<CouponId, Coupon>;
  beneficiaries: ReadonlyMap<ProfileId, Profile>;
  openings: PlannedOpenings;
  /** Profile of the processor in the ledger; null without a payment. */
  processor_id: ProfileId | null;
  /** Name of the user who pays; null without a payment or a user. */
  username: string | null;
}

/**
 * Loads what the booking needs, in one statement; further ones for gifts, and for a job that settles for a user.
 * Locks: the latest subscriptions of the slots.
 */
export async function loadBooking(ctx: Context, tx: Tx, { order, lines, payment }: Settlement): Promise<BookingFacts> {
  const periods = periodLines(lines);
  const slots = slotsOf(lines);
  const { plans, coupons, beneficiaries, latest, processor_id } = await runTogether(tx, {
    ...namingParts(lines),
    latest: slots.length === 0 ? null : latestSubscriptions(slots, order.created_at),
    processor_id: payment && processorProfile(),
  });
  const isGift = await findGifts(tx, order, slots);
  return {
    plans,
    coupons: coupons ?? new Map(),
    beneficiaries,
    openings: await planOpenings(tx, openingsOf(order, periods, plans, isGift), latest ?? []),
    processor_id: processor_id ?? null,
    username: payment && (await findUsername(ctx, tx, payment.attempt)),
  };
}

/** Loads which beneficiaries get a gift: all but the payer and the profiles that the user who ordered manages. */
async function findGifts(
  tx: Tx,
  order: Order,
  slots: readonly { profile_id: ProfileId }[],
): Promise<(beneficiary_id: ProfileId) => boolean> {
  const others = slots.flatMap(({ profile_id }) => (profile_id === order.profile_id ? [] : [profile_id]));
  const managed = order.created_by === null ? null : await findManagedAmong(tx, order.created_by, others);
  return (beneficiary_id) => beneficiary_id !== order.profile_id && managed?.has(beneficiary_id) !== true;
}

/** Returns the name of the user who pays; of the caller without a query. */
async function findUsername({ actor }: Context, tx: Tx, { created_by }: Attempt): Promise<string | null> {
  if (created_by === null) return null;
  if (actor.kind === 'user' && actor.user_id === created_by) return actor.username;
  return (await findUserById(tx, created_by))?.username ?? null;
}

/**
 * Returns the booked lines as the charge pays them. Reads the payer's balances on the subjects that existed before the
 * order, and the entries of lines that are paid late; nothing for new subscriptions and seats.
 */
export async function findPaidLines(
  tx: Tx,
  order: Order,
  booked: readonly BookedLine[],
  { names, opened }: { names: readonly LineNames[]; opened: readonly Subscription[] },
): Promise<PlannedLine[]> {
  const late = await findEntries(
    tx,
    booked.flatMap(({ line }) => line.ledger_entry_id ?? []),
  );
  const lines = booked.map((each, index) => {
    const { line } = each;
    const entry = line.ledger_entry_id === null ? null : late.get(line.ledger_entry_id);
    assert(entry !== undefined, 'an order that is paid late has an entry');
    const subject = entry === null ? each.subject : fromSubjectColumns(entry);
    assert(subject, 'an order has a subject');
    return {
      provider_id: line.provider_id,
      amount: line.amount,
      broker_fee_percent: line.broker_fee_percent,
      payer_id: entry?.dest_profile_id ?? order.profile_id,
      subject,
      unit: entry?.dest_unit ?? line.unit,
      event_label: names[index]?.label ?? '',
      title: names[index]?.text ?? '',
      description: entry?.description ?? each.description,
      ordered: entry === null && line.kind !== 'balance' ? line.amount : 0,
      is_new: line.claim_email !== null || opened.some(({ id }) => id === each.subscription_id),
    };
  });
  const holdings = await findHoldings(
    tx,
    lines.flatMap(({ subject, is_new }) => (is_new ? [] : [subject])),
    accounts.payable,
  );
  return lines.map(({ ordered: _, is_new: _new, ...line }) => {
    const isSame = (each: { subject: LedgerSubject; unit: string }) =>
      isSameSubject(each.subject, line.subject) && each.unit === order.unit;
    const before = holdings.find((each) => isSame(each) && each.profile_id === line.payer_id)?.amount ?? 0;
    const ordered = lines
      .filter((each) => isSame(each) && line.payer_id === order.profile_id)
      .reduce((sum, each) => sum + each.ordered, 0);
    return { ...line, payable: before + ordered };
  });
}
