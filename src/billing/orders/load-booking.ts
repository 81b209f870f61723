import assert from 'node:assert/strict';
import { findUserById } from '#accounts';
import { type Coupon, couponsById, type Plan, plansById } from '#catalog';
import {
  accounts,
  findEntries,
  findHoldings,
  findUnpaidIncome,
  lockSubjects,
  fromSubjectColumns,
  type Holding,
  holdingsOn,
  isSameSubject,
  type LedgerSubject,
  type NewEntry,
  subjectText,
  type UnpaidIncome,
} from '#ledger';
import type { Context } from '#platform/context';
import type { CouponId, OrderId, PlanId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
import { mergeReads } from '#platform/db/merge-reads';
import { runInOrder, together } from '#platform/db/together';
import type { AcceptedOutcome, Attempt, PlannedLine } from '#payments';
import { findManagedAmong, processorProfile, type Profile, profilesById } from '#profiles';
import {
  latestSubscriptions,
  type PlannedOpenings,
  planOpenings,
  selectSubjects,
  type Subscription,
  subscriptionIdOf,
} from '#subscriptions';
import { findCreditOfEntries, type NotedCredit } from '../credits/index.ts';
import {
  type Order,
  type OrderLine,
  type OrderWithLines,
  payableOrderLock,
  selectLinesOf,
  selectSlots,
} from '../records/index.ts';
import { type BookedLine, openingsOf, periodLines, slotsOf } from './book-lines.ts';
import type { LineNames } from './describe-lines.ts';

/** A locked order that is booked now. `payment` is null if the total is zero. */
export interface Settlement {
  order: Order;
  lines: readonly OrderLine[];
  payment: { attempt: Attempt; outcome: AcceptedOutcome } | null;
  /** True for the charge of a job, which is announced by its receipt alone. */
  is_automatic?: boolean;
  at: Date;
  /** Operation that the order is part of; omitted for an order of its own. */
  operation?: BookedOperation;
}

/** What an operation, such as a change of plan, posts in the event of the order that it makes. */
export interface BookedOperation {
  /** Key and kind of the ledger event. */
  event: { key: string; kind: string };
  /** Entries before those of credit notes: recognised income. */
  entries: readonly NewEntry[];
  /** Credit notes; their lots may pay lines of the order. Null without. */
  noted: NotedCredit | null;
  /** Row that the new lines belong to, in place of one that the order opens or extends. */
  subscription?: Subscription;
}

/** What the booking of an order needs of other rooms. */
export interface BookingFacts {
  plans: ReadonlyMap<PlanId, Plan>;
  coupons: ReadonlyMap<CouponId, Coupon>;
  /** The payer, the providers and the beneficiaries. */
  parties: ReadonlyMap<ProfileId, Profile>;
  openings: PlannedOpenings;
  /** Payable of all profiles on the subjects for which `hasHoldings` is true. */
  holdings: readonly Holding[];
  hasHoldings: (subject: LedgerSubject) => boolean;
  /** Profile of the processor in the ledger; null without a payment. */
  processor_id: ProfileId | null;
  /** Name of the user who pays; null without a payment or a user. */
  username: string | null;
}

/** What the booking of an order reads of the database. */
export interface LoadedBooking extends Pick<BookingFacts, 'plans' | 'coupons' | 'parties' | 'holdings'> {
  latest: readonly Subscription[];
  processor_id: ProfileId | undefined;
}

/**
 * Locks an order as `payableOrderLock` does, and loads its booking if it is reserved, in one exchange. Each statement
 * sees what was committed while the one before it waited for a lock.
 */
export async function lockAndLoadBooking(
  tx: Tx,
  payer_id: ProfileId,
  id: OrderId,
): Promise<(OrderWithLines & { loaded: LoadedBooking }) | undefined> {
  const [locked, loaded, holdings] = await runInOrder(
    tx,
    payableOrderLock(payer_id, id),
    bookingFacts(id, 'reserved'),
    bookingHoldings(id, 'reserved'),
  );
  return locked && { ...locked, loaded: { ...loaded, holdings } };
}

/** Loads the booking of a locked order. Locks: the latest subscriptions of its slots. */
export async function loadBooking(tx: Tx, { id, state }: Pick<Order, 'id' | 'state'>): Promise<LoadedBooking> {
  const [loaded, holdings] = await runInOrder(tx, bookingFacts(id, state), bookingHoldings(id, state));
  return { ...loaded, holdings };
}

const lines = fragment`lines`;
const ordered_at = fragment`(select max(ordered_at) from lines)`;

function bookingFacts(id: OrderId, state: Order['state']) {
  return together({
    lines: { query: selectLinesOf(id, state), read: null },
    plans: plansById(fragment`select plan_id from lines`),
    coupons: couponsById(fragment`select coupon_id from lines`),
    parties: profilesById(fragment`select beneficiary_id from lines union select provider_id from lines
      union select payer_id from lines`),
    latest: latestSubscriptions(selectSlots(lines), ordered_at),
    processor_id: processorProfile(),
  });
}

/** Follows `bookingFacts`, whose locks another transaction may have held to post entries on a subscription. */
function bookingHoldings(id: OrderId, state: Order['state']) {
  return holdingsOn(fragment`with lines as (${selectLinesOf(id, state)})
    select subject_kind as kind, subject_id as id from lines where subject_kind is not null
    union all select * from (${selectSubjects(selectSlots(lines), ordered_at)}) booked`);
}

/** Decides what an order books, from what was loaded. Further statements for gifts, and for a job that settles. */
export async function planBooking(
  ctx: Context,
  tx: Tx,
  { order, lines, payment, operation }: Settlement,
  { latest, processor_id, ...facts }: LoadedBooking,
): Promise<BookingFacts> {
  const isGift = await findGifts(tx, order, slotsOf(lines));
  const latest_ids = new Set(latest.map(({ id }) => id));
  const subjects = new Set(lines.map(({ subject_kind, subject_id }) => `${subject_kind} ${subject_id}`));
  const holds = (subject: LedgerSubject) => {
    const id = subscriptionIdOf(subject);
    return (id !== null && latest_ids.has(id)) || subjects.has(`${subject.kind} ${subject.id}`);
  };
  return {
    ...facts,
    hasHoldings: holds,
    openings: await planOpenings(
      tx,
      operation?.subscription ? [] : openingsOf(order, periodLines(lines), facts.plans, isGift),
      latest,
    ),
    processor_id: (payment && processor_id) ?? null,
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
 * Returns the booked lines as the charge pays them: less what credit pays. Reads the entries of lines that are paid
 * late, what their orders earned, and the balances on subjects that `facts` do not have; nothing for new subscriptions
 * and seats.
 */
export async function findPaidLines(
  tx: Tx,
  order: Order,
  booked: readonly BookedLine[],
  { names, opened, facts }: { names: readonly LineNames[]; opened: readonly Subscription[]; facts: BookingFacts },
): Promise<PlannedLine[]> {
  const late_ids = booked.flatMap(({ line }) => line.ledger_entry_id ?? []);
  const [late, credited] = await mergeReads(tx, [
    (together) => findEntries(together, late_ids),
    (together) => findCreditOfEntries(together, late_ids),
  ]);
  const opened_ids = new Set(opened.map(({ id }) => id));
  const lines = booked.map((each, index) => {
    const { line } = each;
    const entry = line.ledger_entry_id === null ? null : late.get(line.ledger_entry_id);
    assert(entry !== undefined, 'an order that is paid late has an entry');
    const subject = entry === null ? each.subject : fromSubjectColumns(entry);
    assert(subject, 'an order has a subject');
    return {
      provider_id: line.provider_id,
      amount: line.amount - line.credit_used,
      credit_amount: line.credit_used + (entry === null ? 0 : (credited.get(entry.id)?.credit_used ?? 0)),
      broker_fee_percent: line.broker_fee_percent,
      payer_id: entry?.dest_profile_id ?? order.profile_id,
      subject,
      unit: entry?.dest_unit ?? line.unit,
      event_label: names[index]?.label ?? '',
      title: names[index]?.text ?? '',
      description: entry?.description ?? each.description,
      ordered: entry === null && line.kind !== 'balance' ? line.amount : 0,
      is_new: line.claim_email !== null || (each.subscription_id !== null && opened_ids.has(each.subscription_id)),
    };
  });
  const others = lines.flatMap(({ subject, is_new }) => (is_new || facts.hasHoldings(subject) ? [] : [subject]));
  const owing = lines.flatMap(({ subject, ordered }) => (ordered === 0 ? [subject] : []));
  await lockSubjects(tx, owing);
  const [found, incomes] = await mergeReads(tx, [
    (together) => findHoldings(together, others, accounts.payable),
    (together) => findUnpaidIncome(together, owing),
  ]);
  const payableOf = sumPayables(order, lines, [...facts.holdings, ...found]);
  return lines.map(({ ordered, is_new: _new, ...line }) => ({
    ...line,
    payable: payableOf(line),
    // A new order has earned nothing yet.
    unpaid_income: ordered > 0 ? 0 : incomeOn(incomes, line),
  }));
}

function incomeOn(incomes: readonly UnpaidIncome[], { subject, unit }: Pick<PlannedLine, 'subject' | 'unit'>): number {
  return incomes.find((each) => each.unit === unit && isSameSubject(each.subject, subject))?.amount ?? 0;
}

/** Returns how to find what the payer of a line owes on its subject: the balance before, and the lines of the order. */
function sumPayables(
  { profile_id, unit }: Order,
  lines: readonly (Pick<PlannedLine, 'payer_id' | 'subject' | 'unit'> & { ordered: number })[],
  holdings: readonly Holding[],
): (line: Pick<PlannedLine, 'payer_id' | 'subject'>) => number {
  const before = new Map<string, number>();
  for (const { subject, profile_id: id, unit: held, amount } of holdings)
    if (held === unit) before.set(`${id} ${subjectText(subject)}`, amount);
  const ordered = new Map<string, number>();
  for (const { subject, unit: priced, ordered: amount } of lines) {
    const key = subjectText(subject);
    if (priced === unit) ordered.set(key, (ordered.get(key) ?? 0) + amount);
  }
  return ({ payer_id, subject }) => {
    const key = subjectText(subject);
    return (before.get(`${payer_id} ${key}`) ?? 0) + (payer_id === profile_id ? (ordered.get(key) ?? 0) : 0);
  };
}
