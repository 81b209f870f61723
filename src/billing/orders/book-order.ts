import assert from 'node:assert/strict';
import { type NewEvent, postEvents } from '#ledger';
import type { Context } from '#platform/context';
import type { LedgerEntryId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { type Parts, runAndCommit, runTogether } from '#platform/db/together';
import { type Event, eventsPart, type Occurrence } from '#platform/jobs/events';
import { type Charge, chargeParts, getRecordedCharge, keepChargedCard, planCharge } from '#payments';
import { openingParts, readOpenings, reportingOverlap, rolloverQuotas } from '#subscriptions';
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
import { type BookedLine, bookLines, orderEvent, shownKeysOf } from './book-lines.ts';
import { type LineNames, nameLines } from './describe-lines.ts';
import { documentParts } from './issue-documents.ts';
import { type BookingFacts, findPaidLines, type LoadedBooking, planBooking, type Settlement } from './load-booking.ts';

/** Lines of an order from which on its entries may take longer than the limit of a statement. */
const LONG_ORDER = 1000;

/**
 * Settles an order: opens or extends subscriptions, posts ledger entries, removes the items from the cart, issues
 * claims and records the charge with one item per line. Opens coverages and issues invoices, whose counters are the
 * last lock. Emits `order_executed`.
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
  const { booked, uses } = bookLines(lines, opened, facts.plans);
  const names = nameLines(
    booked.map(({ line, covers_to }) => ({ ...line, covers_to, payer_id: order.profile_id })),
    facts,
  );
  const planned =
    payment && saved.charge
      ? planCharge(
          saved.charge,
          payment.outcome,
          await findPaidLines(tx, order, booked, { names, opened: saved.opened_subscriptions ?? [], facts }),
          { broker_id: ctx.site.broker_id, processor_id: getProcessorId(facts) },
        )
      : null;
  const posted = await post(tx, order, booked, planned?.event ?? null);
  if (payment && planned) await keepChargedCard(tx, payment.attempt, payment.outcome, order.created_at);
  const charge = payment && (saved.charge ?? (await getRecordedCharge(tx, payment.attempt)));
  const issued = saved.claims ?? [];
  await saveRest(
    tx,
    settlement,
    { booked, entry_ids: posted.entry_ids, claims: issued },
    {
      ...documentParts(order, booked, { ...posted, parties: facts.parties }),
      charge_items: planned && planned.itemsPart(posted.entry_ids, posted.payment_entries),
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

/** Posts the order and its payment in one statement. A line that is paid late keeps its entry. */
async function post(tx: Tx, order: Order, booked: readonly BookedLine[], payment: NewEvent | null) {
  const event = orderEvent(order, booked);
  const posted = await postEvents(tx, [...(event ? [event] : []), ...(payment ? [payment] : [])]);
  const [order_entries = [], payment_entries = []] = event ? posted : [[], ...posted];
  const event_id = order_entries[0]?.ledger_event_id ?? null;
  let next = 0;
  const entry_ids = booked.map(({ line }): LedgerEntryId => {
    const id = line.ledger_entry_id ?? order_entries[next++]?.id;
    assert(id !== undefined, 'every new line was posted');
    return id;
  });
  return { entry_ids, event_id, payment_entries };
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
  await runAndCommit(tx, { ...bookedOrder(order, bookings, left, at), ...parts });
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
