import assert from 'node:assert/strict';
import { type Entry, type NewDocument, type NewEntry, type NewEvent, planNotesOf, postEvents } from '#ledger';
import type { Context } from '#platform/context';
import type { LedgerEntryId, LedgerEventId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { type Parts, runAndReleaseEarly, runTogether } from '#platform/db/together';
import { type Event, eventsPart, type Occurrence } from '#platform/jobs/events';
import { askForFunds, type Charge, chargeParts, getRecordedCharge, keepChargedCard, planCharge } from '#payments';
import { findSubscriptionsByIds, openingParts, readOpenings, reportingOverlap, rolloverQuotas } from '#subscriptions';
import { allowLongStatements, bookedOrder, type Order } from '../records/index.ts';
import {
  buildCodeGenerated,
  type Claim,
  claimsByLine,
  insertedClaims,
  makeClaims,
  type NewClaim,
} from '../claims/index.ts';
import { orderExecuted } from '../events.ts';
import { notedAmounts, saveNotedCredit, usedCredit } from '../credits/index.ts';
import { afterOperation } from './after-operation.ts';
import { type BookedCredit, bookCredit } from './book-credit.ts';
import { type BookedLine, bookLines, bookLinesOn, orderEntries, shownKeysOf } from './book-lines.ts';
import { type LineNames, nameLines } from './describe-lines.ts';
import { documentParts } from './issue-documents.ts';
import { type BookingFacts, findPaidLines, type LoadedBooking, planBooking, type Settlement } from './load-booking.ts';

/** Lines of an order from which on its entries may take longer than the limit of a statement. */
const LONG_ORDER = 1000;

/**
 * Settles an order: opens or extends subscriptions, posts ledger entries, pays by the credit that is held, removes the
 * items from the cart, issues claims and records the charge with one item per line that a card pays. Opens coverages
 * and issues invoices, whose counters are the last lock. Emits `order_executed`.
 *
 * Amounts are those of the reservation; only dates are computed here, from the subscriptions. Everything is booked at
 * the instant of the reservation, also by a job that settles later. Each row is inserted in its final state, all rows
 * of a table by one statement: first the rows whose ids others name, then the ledger, then the rest.
 *
 * The caller has locked the payer's profile, the order and the slots of the subscriptions. Commits the transaction.
 * @see docs/spec/billing.md 2.3, 2.5 and 4.5
 */
export async function bookOrder(
  ctx: Context,
  tx: Tx,
  settlement: Settlement,
  loaded: LoadedBooking,
): Promise<Charge | null> {
  const { order, lines, payment, is_automatic = false, at } = settlement;
  const facts = await planBooking(ctx, tx, settlement, loaded);
  if (lines.length > LONG_ORDER) await allowLongStatements(tx);
  const claims = makeClaims(ctx, order, lines, at);
  const saved = await saveFirst(tx, settlement, facts, claims);
  const { opened, events } = readOpenings(facts.openings, saved);
  const held = settlement.operation?.subscription;
  const { booked, uses } = held
    ? { booked: bookLinesOn(lines, held), uses: [] }
    : bookLines(lines, opened, facts.plans);
  const names = nameLines(
    booked.map(({ line, covers_to }) => ({ ...line, covers_to, payer_id: order.profile_id })),
    facts,
  );
  const opened_now = saved.opened_subscriptions ?? [];
  const credit = await planPayments(tx, settlement, booked, { names, opened: opened_now, facts });
  const planned =
    payment && saved.charge
      ? planCharge(saved.charge, payment.outcome, credit.charged, {
          broker_id: ctx.site.broker_id,
          processor_id: getProcessorId(facts),
        })
      : null;
  const posted = await post(tx, settlement, booked, { credit, payment: planned?.event ?? null });
  if (settlement.operation?.noted)
    await saveNotedCredit(tx, settlement.operation.noted, posted.note_entries, { at: order.created_at, ...credit });
  const notes = await planNotes(tx, settlement, posted);
  if (payment && planned) await keepChargedCard(tx, payment.attempt, payment.outcome, order.created_at);
  if (payment && saved.charge) await askForFunds(tx, saved.charge, payment.outcome, ctx.clock.now());
  const charge = payment && (saved.charge ?? (await getRecordedCharge(tx, payment.attempt)));
  const anchorOf = await findAnchors(tx, booked);
  const issued = saved.claims ?? [];
  await saveRest(
    tx,
    settlement,
    { booked, entry_ids: posted.entry_ids, claims: issued },
    {
      ...documentParts(order, booked, { ...posted, parties: facts.parties, notes, anchorOf }),
      charge_items: planned && planned.itemsPart(entriesAt(posted, credit.places), posted.payment_entries),
      used_credit: usesCredit(lines) && posted.event_id !== null ? usedCredit(order.id, posted.event_id) : null,
      bought_uses: uses.length === 0 ? null : rolloverQuotas(uses),
      events: occurrencesPart([
        ...events.map((event) => ({ event, at: order.created_at })),
        ...claimEvents(ctx, settlement, facts, { claims, issued }),
        ...(planned?.news ? [{ event: planned.news, at: order.created_at }] : []),
        ...(is_automatic ? [] : [{ event: executedEvent(order, booked, names, charge), at }]),
      ]),
    },
  );
  return charge;
}

function occurrencesPart(occurrences: readonly Occurrence[]) {
  return occurrences.length === 0 ? null : eventsPart(occurrences);
}

/** Returns the anchors of the subscriptions of lines. Reads those that the order neither opens nor extends. */
async function findAnchors(tx: Tx, booked: readonly BookedLine[]): Promise<(line: BookedLine) => Date | null> {
  const others = booked.filter(({ line, anchor_at }) => anchor_at === null && line.kind === 'use' && line.amount > 0);
  const held = await findSubscriptionsByIds(
    tx,
    others.flatMap(({ subscription_id }) => subscription_id ?? []),
  );
  return ({ anchor_at, subscription_id }) =>
    anchor_at ?? (subscription_id === null ? null : (held.get(subscription_id)?.anchor_at ?? null));
}

function getProcessorId({ processor_id }: BookingFacts) {
  assert(processor_id !== null, 'there is a profile of the processor');
  return processor_id;
}

const noCharge = { closed_attempt: null, charge: null };

/** Saves the rows whose ids other rows name. */
async function saveFirst(
  tx: Tx,
  { order, payment }: Settlement,
  { openings, username }: BookingFacts,
  claims: readonly NewClaim[],
) {
  const { closed_attempt, charge } = payment
    ? chargeParts(payment.attempt, payment.outcome, { at: order.created_at, username })
    : noCharge;
  return reportingOverlap(
    runTogether(tx, {
      ...openingParts(openings),
      claims: claims.length === 0 ? null : insertedClaims(claims.map(({ row }) => row)),
      closed_attempt,
      charge,
    }),
  );
}

const entriesAt = ({ entry_ids }: { entry_ids: readonly LedgerEntryId[] }, places: readonly number[]) =>
  places.flatMap((place) => entry_ids[place] ?? []);

const usesCredit = (lines: Settlement['lines']): boolean => lines.some(({ credit_used }) => credit_used > 0);

/** Returns what credit and the card pay. Nothing is read for an order that neither of them pays. */
async function planPayments(
  tx: Tx,
  { order, lines, payment, operation }: Settlement,
  booked: readonly BookedLine[],
  facts: Parameters<typeof findPaidLines>[3],
): Promise<BookedCredit> {
  if (payment === null && !usesCredit(lines)) return { entries: [], charged: [], places: [], uses: [] };
  const paid = afterOperation(await findPaidLines(tx, order, booked, facts), booked, operation);
  return bookCredit(tx, order, booked, paid, operation?.noted ?? null);
}

/**
 * Posts the order and its payment in one statement. A line that is paid late keeps its entry. Credit notes of an
 * operation come before its order, and the use of credit after it.
 */
async function post(
  tx: Tx,
  { order, operation }: Settlement,
  booked: readonly BookedLine[],
  { credit, payment }: { credit: BookedCredit; payment: NewEvent | null },
) {
  const ordered = orderEntries(order, booked);
  const before = operation?.entries ?? [];
  const noted = operation?.noted?.entries ?? [];
  const event = orderEvent(order, operation, [...before, ...noted, ...ordered, ...credit.entries]);
  const posted = await postEvents(tx, [...(event ? [event] : []), ...(payment ? [payment] : [])]);
  const [event_entries = [], payment_entries = []] = event ? posted : [[], ...posted];
  const first = before.length + noted.length;
  const order_entries = event_entries.slice(first, first + ordered.length);
  let next = 0;
  const entry_ids = booked.map(({ line }): LedgerEntryId => {
    const id = line.ledger_entry_id ?? order_entries[next++]?.id;
    assert(id !== undefined, 'every new line was posted');
    return id;
  });
  return {
    entry_ids,
    event_id: event_entries[0]?.ledger_event_id ?? null,
    has_orders: ordered.length > 0,
    note_entries: event_entries.slice(before.length, first),
    payment_entries,
  };
}

/** Returns the event of an order; null if all its lines were posted before and are paid late by a card alone. */
function orderEvent(order: Order, operation: Settlement['operation'], entries: readonly NewEntry[]): NewEvent | null {
  if (entries.length === 0) return null;
  const name = operation?.event ?? { key: `order:${order.id}`, kind: 'order' };
  return { ...name, at: order.created_at, entries };
}

/** Returns the credit notes of the operation that an order is part of. */
async function planNotes(
  tx: Tx,
  { order, operation }: Settlement,
  { event_id, note_entries }: { event_id: LedgerEventId | null; note_entries: readonly Entry[] },
): Promise<NewDocument[]> {
  if (!operation?.noted || event_id === null) return [];
  const amounts = notedAmounts(operation.noted, note_entries);
  return planNotesOf(tx, { ledger_event_id: event_id, at: order.created_at }, amounts);
}

/** Saves what remains, given the rows that were inserted first, and commits. */
async function saveRest<P extends Parts>(
  tx: Tx,
  { order, lines, at }: Settlement,
  {
    booked,
    entry_ids,
    claims,
  }: { booked: readonly BookedLine[]; entry_ids: readonly LedgerEntryId[]; claims: Claim[] },
  parts: P,
): Promise<void> {
  const claimOf = claimsByLine(claims);
  const bookings = booked.map(({ line, ...booking }, index) => {
    const ledger_entry_id = entry_ids[index];
    assert(ledger_entry_id !== undefined, 'every line of an order has an entry');
    return { ...booking, rank: line.rank, ledger_entry_id, claim_id: claimOf(line)?.id ?? line.claim_id };
  });
  const left = {
    item_ids: lines.flatMap((line) => line.cart_item_id ?? []),
    shown_keys: shownKeysOf(order, lines),
    has_coupon: lines.some(({ coupon_id }) => coupon_id !== null),
    // Lines of claimed seats and of free entries, besides those of free plans.
    has_free: lines.some(({ kind, amount }) => kind === 'period' && amount === 0),
  };
  // The counters of the invoices are locked: orders of one provider would wait for one flush after the other.
  await runAndReleaseEarly(tx, { ...bookedOrder(order, bookings, left, at), ...parts });
}

function claimEvents(
  ctx: Context,
  { order, at }: Settlement,
  { plans }: BookingFacts,
  { claims, issued }: { claims: readonly NewClaim[]; issued: readonly Claim[] },
): Occurrence[] {
  const issuedByEmail = new Map(issued.map((claim) => [claim.email, claim]));
  return claims.map(({ row, code, lines }) => {
    const claim = issuedByEmail.get(row.email);
    assert(claim, 'every claim was inserted');
    return { event: buildCodeGenerated(ctx, claim, code, { lines, plans, originated_by: order.created_by }), at };
  });
}

function executedEvent(
  order: Order,
  booked: readonly BookedLine[],
  names: readonly LineNames[],
  charge: Charge | null,
): Event {
  return orderExecuted({
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
  });
}
