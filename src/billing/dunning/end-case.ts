import assert from 'node:assert/strict';
import { findPlansByIds } from '#catalog';
import { issueCreditNotes, type NewEntry, postEvent } from '#ledger';
import type { OrderLineId, SubscriptionId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { findProfileById } from '#profiles';
import {
  endSubscriptions,
  findOpenPauses,
  findSubscriptionsByIds,
  findSuspendedBy,
  isFrozen,
  lockSubscriptions,
  recordEndings,
  type Subscription,
  updatePause,
  updateSubscription,
} from '#subscriptions';
import { noteCredit, notedAmounts, saveNotedCredit } from '../credits/index.ts';
import { closeCoverages, type ClosedCoverage, closeFrozen } from '../recognition/index.ts';
import { writeOffDue } from '../adjustments/index.ts';
import { subscriptionEndedUnpaid } from '../renewal-events.ts';
import { accessEnd, type DunningCase, suspensionEnd } from './dunning-case.ts';
import type { DunningContext } from './dunning-context.ts';
import { updateCase } from './dunning-store.ts';
import { findOrderKinds } from './order-kind-store.ts';
import { type Due, dueAt, loadDues } from './load-dues.ts';
import { resumeTime, stopTime } from './case-time.ts';

/**
 * Ends the unpaid subscriptions of a case at `at`: their unpaid coverages are closed, and a credit note takes the price
 * of the unused time off the debt. The used part stays due, or is written off. Paid time that runs is not given back;
 * time that stands still becomes credit where it is paid.
 *
 * The caller has locked the payer's profile and the case. Locks: the subscriptions, then as `closeCoverages` and
 * `noteCredit`; the counters of the credit notes are the last.
 */
export async function endCase(ctx: DunningContext, tx: Tx, open: DunningCase, due: Due, at: Date): Promise<void> {
  const subscriptions = await lockAll(tx, due.subscription_ids);
  const closed = await closeTime(tx, subscriptions, await unpaidLines(tx, due), at);
  const holders = new Map(subscriptions.map(({ id, profile_id }) => [id, profile_id]));
  const notes = closed.coverages.map(({ order_line_id, payer_id, subscription_id, unearned, closed_at, ends_at }) => {
    // What another profile paid as a gift is credit of the subscriber, as after a cancellation.
    const holder_id = payer_id === open.profile_id ? undefined : holders.get(subscription_id);
    const kind = 'unpaid_end' as const;
    return { order_line_id, amount: unearned, kind, covers_from: closed_at, covers_to: ends_at, holder_id };
  });
  const noted = await noteCredit(tx, notes, { holder_id: open.profile_id, created_by: null, at });
  await endAll(tx, subscriptions, at);
  await updateCase(tx, open.id, { state: 'ended', closed_at: at, next_attempt_at: null });
  const entries = [...closed.entries, ...noted.entries];
  const posted =
    entries.length === 0 ? [] : await postEvent(tx, { key: `unpaid-end:${open.id}`, kind: 'ending', at, entries });
  const posted_notes = posted.slice(closed.entries.length);
  await saveNotedCredit(tx, noted, posted_notes, { at });
  const due_amount = await settleUsedPart(ctx, tx, open, at);
  await emit(
    tx,
    subscriptionEndedUnpaid({ ...(await factsOf(tx, open, subscriptions)), due_amount, is_suspended: false }),
    at,
  );
  const [first] = posted_notes;
  if (first)
    await issueCreditNotes(tx, { ledger_event_id: first.ledger_event_id, at }, notedAmounts(noted, posted_notes));
}

/** Suspends the unpaid subscriptions of a case: their time stands still until they are paid, for 90 days at most. */
export async function suspendCase(ctx: DunningContext, tx: Tx, open: DunningCase, due: Due, at: Date): Promise<void> {
  const subscriptions = await lockAll(tx, due.subscription_ids);
  await stopTime(tx, open.id, due.subscription_ids, at);
  const ends_at = suspensionEnd(at);
  await updateCase(tx, open.id, { state: 'suspended', next_attempt_at: null, ends_at });
  const facts = await factsOf(tx, open, subscriptions);
  await emit(tx, subscriptionEndedUnpaid({ ...facts, due_amount: due.amount, is_suspended: true }), at);
}

/**
 * Stops the time of the subscriptions of a case from the instant on at which its rules end their access, and at once
 * that of a subscription whose first payment after a trial failed: nothing was ever paid for it.
 */
export async function restrictAccess(tx: Tx, open: DunningCase, due: Due, at: Date): Promise<void> {
  if (open.frozen_at !== null) return;
  const ends_at = accessEnd(open);
  const never_paid = await findNeverPaid(tx, due);
  const ids = ends_at !== null && ends_at <= at ? due.subscription_ids : never_paid;
  if (ids.length === 0) return;
  await lockAll(tx, ids);
  await stopTime(tx, open.id, ids, at, { never_paid });
}

/** Finds the subscriptions of a due whose first period after a trial is unpaid. */
async function findNeverPaid(tx: Tx, { invoicables }: Due): Promise<SubscriptionId[]> {
  const after_trial = invoicables.filter(({ subscription }) => subscription?.trial_ends_at);
  const kinds = await findOrderKinds(
    tx,
    after_trial.flatMap(({ lines }) => lines.flatMap(({ entry_id }) => entry_id ?? [])),
  );
  return after_trial.flatMap(({ subscription, lines }) => {
    const trial_ends_at = subscription?.trial_ends_at?.getTime();
    const is_first = lines.some(
      ({ entry_id }) => entry_id !== null && kinds.get(entry_id)?.renews_from?.getTime() === trial_ends_at,
    );
    return subscription && is_first ? [subscription.id] : [];
  });
}

/** Lets the time of subscriptions run on that stand still for the case. Returns the titles of their plans. */
export async function resumeCase(tx: Tx, open: DunningCase, at: Date): Promise<string[]> {
  const ids = await findSuspendedBy(tx, open.id);
  const subscriptions = await lockAll(tx, ids);
  await resumeTime(tx, ids, at);
  return (await factsOf(tx, open, subscriptions)).plans;
}

async function lockAll(tx: Tx, ids: readonly SubscriptionId[]): Promise<Subscription[]> {
  if (ids.length === 0) return [];
  await lockSubscriptions(tx, ids);
  return [...(await findSubscriptionsByIds(tx, ids)).values()].toSorted((a, b) => a.id - b.id);
}

async function unpaidLines(tx: Tx, due: Due): Promise<OrderLineId[]> {
  const entry_ids = due.invoicables.flatMap(({ lines }) => lines.flatMap(({ entry_id }) => entry_id ?? []));
  const kinds = await findOrderKinds(tx, entry_ids);
  return [...kinds.values()].flatMap(({ kind, order_line_id }) =>
    kind === 'period' || kind === 'seats' ? [order_line_id] : [],
  );
}

/** Closes the unpaid time of subscriptions, and all that stands still, with what was bought since it stopped. */
async function closeTime(
  tx: Tx,
  subscriptions: readonly Subscription[],
  line_ids: readonly OrderLineId[],
  at: Date,
): Promise<{ entries: NewEntry[]; coverages: ClosedCoverage[] }> {
  const closings = line_ids.length === 0 ? [] : [await closeCoverages(tx, { order_line_ids: line_ids }, at)];
  const frozen: ClosedCoverage[] = [];
  for (const subscription of subscriptions) {
    if (isFrozen(subscription)) closings.push(await closeCoverages(tx, { subscription_id: subscription.id }, at));
    frozen.push(...(await closeFrozen(tx, subscription.id, at)));
  }
  return {
    entries: closings.flatMap(({ entries }) => entries),
    coverages: [...closings.flatMap(({ closed }) => closed), ...frozen],
  };
}

/** Ends the subscriptions, running or lapsed, and records why. */
async function endAll(tx: Tx, subscriptions: readonly Subscription[], at: Date): Promise<void> {
  const pauses = await findOpenPauses(
    tx,
    subscriptions.map(({ id }) => id),
  );
  const rows = subscriptions.map(({ id, ends_at }) => ({
    subscription_id: id,
    kind: 'unpaid' as const,
    ends_at: ends_at > at ? at : ends_at,
    created_at: at,
  }));
  await recordEndings(tx, rows);
  for (const { id, profile_id, plan_id, ends_at } of subscriptions) {
    if (ends_at > at) await endSubscriptions(tx, { profile_id, plan_id }, { at, originated_by: null });
    await updateSubscription(tx, id, { auto_renew: false, suspended_at: null });
    const pause = pauses.get(id);
    if (pause) await updatePause(tx, pause.id, { state: 'ended', resumed_at: at });
  }
}

/** Writes off what stays due, if the rules of the case say so. Returns what stays due. */
async function settleUsedPart(ctx: DunningContext, tx: Tx, open: DunningCase, at: Date): Promise<number> {
  const { payer, left } = await loadLeft(tx, open, at);
  if (!left) return 0;
  if (open.terms.used_part === 'due') return left.amount;
  await writeOffDue(ctx, tx, payer, left.invoicables, at);
  return 0;
}

async function loadLeft(tx: Tx, open: DunningCase, at: Date) {
  const payer = await findProfileById(tx, open.profile_id);
  assert(payer, 'the payer of a case exists');
  return { payer, left: dueAt(await loadDues(tx, payer, at, { renewing_only: false }), open) };
}

async function factsOf(tx: Tx, open: DunningCase, subscriptions: readonly Subscription[]) {
  const { id: dunning_case_id, profile_id, provider_id, unit } = open;
  const plans = await findPlansByIds(
    tx,
    subscriptions.map(({ plan_id }) => plan_id),
  );
  return {
    dunning_case_id,
    profile_id,
    provider_id,
    unit,
    subscription_ids: subscriptions.map(({ id }) => id),
    plans: subscriptions.flatMap(({ plan_id }) => plans.get(plan_id)?.title ?? []),
  };
}
