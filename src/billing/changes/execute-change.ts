import assert from 'node:assert/strict';
import { findPlansByIds, type Plan } from '#catalog';
import { type NewEntry, postEvent, issueCreditNotes } from '#ledger';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import type { AcceptedOutcome, Attempt, Charge } from '#payments';
import {
  createSubscription,
  deleteEnding,
  findSubscriptionsByIds,
  insertCountedUses,
  lockSubscriptions,
  quotaPeriod,
  recordEndings,
  recordTrialUse,
  type Subscription,
  updateSubscription,
} from '#subscriptions';
import { noteCredit, notedAmounts, type NotedCredit, saveNotedCredit, type WantedNote } from '../credits/index.ts';
import { labelOf } from './line-label.ts';
import { changeFactsOf } from './change-events.ts';
import { subscriptionChanged } from './events.ts';
import { type BookedOperation, bookOrder, loadBooking, lockAndLoadBooking } from '../orders/index.ts';
import { closeCoverages, removeSeats, updateHolder } from '../recognition/index.ts';
import type { Order, OrderLine } from '../records/index.ts';
import { type ChangeRow, closeChange, lockChange } from './change-store.ts';
import { deletePendingChange } from './pending-change-store.ts';
import { readStoredTerms, type StoredTerms } from './stored-terms.ts';

/** A change with the rows that it is about. */
interface Executed {
  change: ChangeRow;
  terms: StoredTerms;
  /** The row that is left; the row itself for a change of the quantity. */
  old: Subscription;
  from: Plan;
  to: Plan;
}

/** What a change wrote so far, for the ledger event that it is part of. */
interface Applied {
  entries: readonly NewEntry[];
  noted: NotedCredit;
  /** Row of the subscription after the change. */
  subscription: Subscription;
}

/**
 * Executes a change that no card pays, in the transaction that recorded it: books its order, or posts its credit notes
 * when nothing is ordered. Commits the transaction when an order is booked. The caller holds the locks of
 * `reserveChange`.
 */
export async function executeUnpaid(
  ctx: Context,
  tx: Tx,
  change: ChangeRow,
  placed: { order: Order; lines: readonly OrderLine[] } | null,
): Promise<void> {
  const executed = await loadExecuted(tx, change);
  const applied = await applyChange(ctx, tx, executed);
  if (placed === null) return postNotes(tx, executed, applied);
  const loaded = await loadBooking(tx, placed.order);
  await bookOrder(
    ctx,
    tx,
    {
      ...placed,
      payment: null,
      operation: operationOf(executed, applied),
      is_automatic: true,
      at: ctx.clock.now(),
    },
    loaded,
  );
}

/**
 * Last step of a change whose payment was accepted: closes the coverages, books credit notes, order and charge, and
 * writes the rows of the subscription, in one transaction, all at the instant of the preview. Returns null if a
 * concurrent request or job settled the change before, or if it was given up.
 *
 * Locks: the payer's profile, the order, the places of the subscriber, the change, the subscription.
 */
export async function settleChange(
  ctx: Context,
  change: ChangeRow,
  attempt: Attempt,
  outcome: AcceptedOutcome,
): Promise<Charge | null> {
  const { order_id } = change;
  assert(order_id !== null, 'a change with a payment has an order');
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockAndLoadBooking(tx, attempt.profile_id, order_id);
    const open = locked && (await lockChange(tx, change.id, ['reserved']));
    if (!locked || !open) return null;
    await lockSubscriptions(tx, [open.subscription_id]);
    const executed = await loadExecuted(tx, open);
    const applied = await applyChange(ctx, tx, executed);
    const { order, lines, loaded } = locked;
    return bookOrder(
      ctx,
      tx,
      {
        order,
        lines,
        payment: { attempt, outcome },
        operation: operationOf(executed, applied),
        is_automatic: true,
        at: ctx.clock.now(),
      },
      loaded,
    );
  });
}

async function loadExecuted(tx: Tx, change: ChangeRow): Promise<Executed> {
  const old = (await findSubscriptionsByIds(tx, [change.subscription_id])).get(change.subscription_id);
  assert(old, 'a change has a subscription');
  const plans = await findPlansByIds(tx, [old.plan_id, change.plan_id]);
  const [from, to] = [plans.get(old.plan_id), plans.get(change.plan_id)];
  assert(from && to, 'a change has both plans');
  return { change, terms: readStoredTerms(change.terms), old, from, to };
}

function operationOf({ change }: Executed, { entries, noted, subscription }: Applied): BookedOperation {
  return { event: eventOf(change), entries, noted, subscription };
}

function eventOf({ key }: Pick<ChangeRow, 'key'>): { key: string; kind: string } {
  return { key: `change:${key}`, kind: 'change' };
}

/** Writes all rows of a change but those of its ledger event. */
async function applyChange(ctx: Context, tx: Tx, executed: Executed): Promise<Applied> {
  const { change, terms, old, from, to } = executed;
  const at = change.effective_at;
  const by = change.created_by;
  const { entries, wanted } = await closeOld(tx, executed);
  const holder_id = old.profile_id;
  const noted = await noteCredit(tx, wanted, { holder_id, created_by: by, at });
  const is_same_plan = from.id === to.id;
  const subscription = is_same_plan ? await requantify(tx, executed) : await replace(tx, executed);
  if (!is_same_plan && terms.mode === 'none') await updateHolder(tx, { from: old.id, to: subscription.id, at });
  await deletePendingChange(tx, old.id);
  if (is_same_plan && terms.row.auto_renew) await deleteEnding(tx, old.id);
  await closeChange(tx, change.id, {
    state: 'settled',
    closed_at: ctx.clock.now(),
    ...(is_same_plan ? {} : { new_subscription_id: subscription.id }),
  });
  await emit(tx, changedEvent(executed, subscription), ctx.clock.now());
  return { entries, noted, subscription };
}

/** Closes what the change credits, and returns what the credit notes are over. */
async function closeOld(
  tx: Tx,
  { change: { effective_at: at }, terms, old, from, to }: Executed,
): Promise<{ entries: readonly NewEntry[]; wanted: WantedNote[] }> {
  if (!terms.is_credited) return { entries: [], wanted: [] };
  if (from.id === to.id) {
    const count = terms.quantity.from - terms.quantity.to;
    const { entries, closed } = await removeSeats(tx, { subscription_id: old.id, count }, at);
    const newest_first = closed.toSorted((a, b) => b.order_line_id - a.order_line_id || b.rank - a.rank);
    const wanted = newest_first.map((coverage) => noteOf(coverage, coverage.taken, 'seats'));
    return { entries, wanted: mergeNotes(wanted) };
  }
  const { entries, closed } = await closeCoverages(tx, { subscription_id: old.id }, at);
  return { entries, wanted: mergeNotes(closed.map((coverage) => noteOf(coverage, coverage.unearned, 'unused_time'))) };
}

function noteOf(
  { order_line_id, closed_at, ends_at }: { order_line_id: WantedNote['order_line_id']; closed_at: Date; ends_at: Date },
  amount: number,
  kind: WantedNote['kind'],
): WantedNote {
  return { order_line_id, amount, kind, covers_from: closed_at, covers_to: ends_at };
}

/** Joins the notes of one order line, in the order of the first of each. */
function mergeNotes(notes: readonly WantedNote[]): WantedNote[] {
  return [...Map.groupBy(notes, ({ order_line_id }) => order_line_id).values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [
          others.reduce(
            (sum, note) => ({ ...sum, amount: sum.amount + note.amount, covers_to: laterOf(sum, note) }),
            first,
          ),
        ],
  );
}

function laterOf(a: WantedNote, b: WantedNote): Date | null {
  return (a.covers_to ?? null) !== null && b.covers_to && a.covers_to && b.covers_to > a.covers_to
    ? b.covers_to
    : (a.covers_to ?? null);
}

/** Ends the row of the plan that is left and inserts the one that replaces it. */
async function replace(tx: Tx, { change, terms, old, to }: Executed): Promise<Subscription> {
  const at = change.effective_at;
  await updateSubscription(tx, old.id, { ends_at: at, auto_renew: false });
  await recordEndings(tx, [
    {
      subscription_id: old.id,
      kind: 'changed',
      reason: null,
      comment: null,
      ends_at: at,
      created_by: change.created_by,
      created_at: at,
    },
  ]);
  const { row, quantity } = terms;
  const subscription = await createSubscription(tx, to, {
    profile_id: old.profile_id,
    created_at: at,
    anchor_at: new Date(row.anchor_at),
    ends_at: new Date(row.ends_at),
    auto_renew: row.auto_renew,
    description: old.description,
    extra: old.extra,
    replaces_id: old.id,
    quantity: quantity.to,
    trial_ends_at: row.trial_ends_at === null ? null : new Date(row.trial_ends_at),
  });
  if (terms.is_trial)
    await recordTrialUse(tx, {
      profile_id: old.profile_id,
      plan_id: to.id,
      card_fingerprint: null,
      created_at: at,
    });
  await insertCountedUses(tx, countedUses(subscription, to, terms.quotas, at));
  return subscription;
}

function countedUses(subscription: Subscription, to: Plan, quotas: StoredTerms['quotas'], at: Date) {
  const { start_at } = quotaPeriod(subscription, to, at);
  return quotas.flatMap(({ use, after, bought }) => {
    const charge = to.use_charges.find(({ slug }) => slug === use);
    if (!charge) return [];
    return [
      {
        subscription_id: subscription.id,
        use_charge_id: charge.id,
        expiring_quota: after,
        rollover_quota: bought,
        period_started_at: start_at,
      },
    ];
  });
}

async function requantify(tx: Tx, { terms, old }: Executed): Promise<Subscription> {
  const { auto_renew } = terms.row;
  return updateSubscription(tx, old.id, {
    quantity: terms.quantity.to,
    auto_renew,
    ...(auto_renew ? { cancelled_at: null } : {}),
  });
}

/** Posts a change that orders nothing: recognised income and credit notes; no event without them. */
async function postNotes(tx: Tx, { change }: Executed, { entries, noted }: Applied): Promise<void> {
  const all = [...entries, ...noted.entries];
  if (all.length === 0) return;
  const at = change.effective_at;
  const posted = await postEvent(tx, { ...eventOf(change), at, entries: all });
  const note_entries = posted.slice(entries.length);
  await saveNotedCredit(tx, noted, note_entries, { at });
  const ledger_event_id = posted[0]?.ledger_event_id;
  assert(ledger_event_id !== undefined, 'an event has entries');
  await issueCreditNotes(tx, { ledger_event_id, at }, notedAmounts(noted, note_entries));
}

function changedEvent({ change, terms, from, to }: Executed, subscription: Subscription) {
  const { shown } = terms;
  return subscriptionChanged({
    ...changeFactsOf({ from, to, quantity: terms.quantity }, subscription, change.created_by),
    lines: shown.lines.map((line) => ({
      description: line.description,
      label: labelOf(line, shown),
      covers_to: line.covers_to,
      amount: line.amount,
    })),
    charge_amount: shown.charge_amount,
    credit_after: shown.credit_after,
    effective_at: change.effective_at.toISOString(),
    ends_at: subscription.ends_at.toISOString(),
    next_charge_at: shown.next_charge_at,
    next_charge_amount: shown.next_charge_amount,
  });
}
