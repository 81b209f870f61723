import assert from 'node:assert/strict';
import { findUserById } from '#accounts';
import { type Coupon, couponsById, type Plan, plansById } from '#catalog';
import {
  accounts,
  entriesById,
  type Entry,
  findHoldings,
  fromSubjectColumns,
  type Holding,
  holdingsOn,
  isSameSubject,
  type LedgerSubject,
  type NewEntry,
  subjectsLock,
  subjectText,
  unpaidIncome,
  type UnpaidIncome,
} from '#ledger';
import type { Context } from '#platform/context';
import type { CouponId, LedgerEntryId, OrderId, PlanId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
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
import { creditOfEntries, type NotedCredit } from '../credits/index.ts';
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
  /** What the lines that are paid late have in the ledger. */
  late: LateFacts;
  openings: PlannedOpenings;
  /** Payable of all profiles on the subjects for which `hasHoldings` is true. */
  holdings: readonly Holding[];
  hasHoldings: (subject: LedgerSubject) => boolean;
  /** Profile of the processor in the ledger; null without a payment. */
  processor_id: ProfileId | null;
  /** Name of the user who pays; null without a payment or a user. */
  username: string | null;
}

/** Entries of the lines that are paid late. Their subjects are locked. */
interface LateFacts {
  entries: ReadonlyMap<LedgerEntryId, Entry>;
  /** What credit settled of them. */
  credit: ReadonlyMap<LedgerEntryId, { credit_used: number }>;
  /** Income on their subjects that was earned before its payment. */
  incomes: readonly UnpaidIncome[];
}

/** What the booking of an order reads of the database. */
export interface LoadedBooking extends Pick<BookingFacts, 'plans' | 'coupons' | 'parties' | 'late' | 'holdings'> {
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
  const [locked, facts, amounts] = await runInOrder(
    tx,
    payableOrderLock(payer_id, id),
    bookingFacts(id, 'reserved'),
    bookingAmounts(id, 'reserved'),
  );
  return locked && { ...locked, loaded: loadedOf(facts, amounts) };
}

/**
 * Loads the booking of a locked order. Locks: the latest subscriptions of its slots, then the subjects of the entries
 * of its lines.
 */
export async function loadBooking(tx: Tx, { id, state }: Pick<Order, 'id' | 'state'>): Promise<LoadedBooking> {
  return loadedOf(...(await runInOrder(tx, bookingFacts(id, state), bookingAmounts(id, state))));
}

function loadedOf(
  { late_entries: entries, late_credit: credit, ...facts }: FactsRead,
  { holdings, late_incomes: incomes }: AmountsRead,
): LoadedBooking {
  return { ...facts, holdings, late: { entries, credit, incomes } };
}

type FactsRead = ReturnType<ReturnType<typeof bookingFacts>['read']>;
type AmountsRead = ReturnType<ReturnType<typeof bookingAmounts>['read']>;

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
    late_entries: entriesById(late_ids),
    late_credit: creditOfEntries(late_ids),
    late_lock: subjectsLock(late_subjects),
  });
}

const late_ids = fragment`select ledger_entry_id from lines`;
const late_subjects = fragment`(
  select subject_kind as kind, subject_id as id, subject_part as part
  from ledger_entries where id = any(array(${late_ids})) and subject_kind is not null
  union select subject_kind, subject_id, subject_part from lines where kind = 'balance' and subject_kind is not null
) subject`;

/** Follows `bookingFacts`, whose locks another transaction may have held to post entries on a subscription. */
function bookingAmounts(id: OrderId, state: Order['state']) {
  return together({
    lines: { query: selectLinesOf(id, state), read: null },
    holdings: holdingsOn(fragment`
      select subject_kind as kind, subject_id as id from lines where subject_kind is not null
      union all select * from (${selectSubjects(selectSlots(lines), ordered_at)}) booked`),
    late_incomes: unpaidIncome(late_subjects),
  });
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
 * Returns the booked lines as the charge pays them: less what credit pays. Reads the balances on subjects that `facts`
 * do not have; nothing for new subscriptions and seats.
 */
export async function findPaidLines(
  tx: Tx,
  order: Order,
  booked: readonly BookedLine[],
  { names, opened, facts }: { names: readonly LineNames[]; opened: readonly Subscription[]; facts: BookingFacts },
): Promise<PlannedLine[]> {
  const { entries, credit, incomes } = facts.late;
  const opened_ids = new Set(opened.map(({ id }) => id));
  const lines = booked.map((each, index) => {
    const { line } = each;
    const entry = line.ledger_entry_id === null ? null : entries.get(line.ledger_entry_id);
    assert(entry !== undefined, 'an order that is paid late has an entry');
    const subject = entry === null ? each.subject : fromSubjectColumns(entry);
    assert(subject, 'an order has a subject');
    return {
      provider_id: line.provider_id,
      amount: line.amount - line.credit_used,
      credit_amount: line.credit_used + (entry === null ? 0 : (credit.get(entry.id)?.credit_used ?? 0)),
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
  const found = await findHoldings(tx, others, accounts.payable);
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
