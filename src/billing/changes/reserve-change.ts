import assert from 'node:assert/strict';
import { actorId } from '#platform/actor-id';
import { inTransaction, type Tx } from '#platform/db/database';
import type { PlanId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { fragment } from '#platform/db/fragment';
import { type Part, runTogether } from '#platform/db/together';
import { emit } from '#platform/jobs/events';
import { randomKey40 } from '#platform/security/crypto';
import { isKeyOfPreview, isPreviewExpired } from '#platform/security/preview-key';
import { addPeriods } from '#kernel/period';
import { type Attempt, findUsableCard, type PaymentContext, prepareAttempt, type PreparedAttempt } from '#payments';
import { lockProfile, type Profile } from '#profiles';
import { findSubscription, lockSubscriptions, lockSubscriptionSlots } from '#subscriptions';
import { findPlansBySlugs } from '#catalog';
import { describeOrderLines } from '../orders/index.ts';
import { heldCredit, lockOpenLots, planUses, sumUsesByRank } from '../credits/index.ts';
import {
  insertOrder,
  insertPaymentLink,
  payableLines,
  type NewOrderLine,
  type Order,
  type OrderLine,
  ordersInFlight,
  type NewOrder,
} from '../records/index.ts';
import { paymentLinkSent } from '../events.ts';
import { billingProblems } from '../problems.ts';
import type { ChangeFacts, ChangeRequest, PlannedChange } from '../change-rules/index.ts';
import { countExecutedChanges, findChangeByKey, insertChange } from './change-store.ts';
import { decideChange } from './decide-change.ts';
import { type ChangeTarget, loadChange, type LoadedChange } from './load-change.ts';
import { changeLines, newLots } from './change-lines.ts';
import { keyedFacts, showChange } from './preview.ts';
import { executeUnpaid } from './execute-change.ts';
import { storePending } from './store-pending.ts';
import { storedTerms } from './stored-terms.ts';

/** Changes of one subscription that are executed in 24 hours at most. */
const CHANGES_MAX = 10;
const DAY_MS = 86_400_000;
/** Lines that the message with a link names. */
const MAIL_LINES = 20;

export interface ChangeInput extends ChangeRequest {
  preview_key: string;
  /** From the browser; null charges the card on file. */
  token: string | null;
  remember_card: boolean;
  /** Replaces a pending change. */
  replace: boolean;
  accept_lost_uses: boolean;
}

/** Thrown when a preview is not valid any more; the caller adds the new preview. */
export class PreviewOutdated extends Error {
  readonly reason: 'changed' | 'expired';

  constructor(reason: 'changed' | 'expired') {
    super(`the preview is outdated: ${reason}`);
    this.name = 'PreviewOutdated';
    this.reason = reason;
  }
}

/**
 * First step of a change: decides it again at the instant of the preview, under locks, and records it under the digest
 * of the key before any money moves. Returns the attempt to charge; null if nothing is charged: the change is executed
 * then, or stored for the end of the period. No effect if there is a change with the key.
 *
 * Locks: the subscriber's profile, its places for both plans by plan id, the subscription, then the lots.
 * @throws PreviewOutdated; the problems of `loadChange` and `decideChange`; change_pending, uses_would_lapse (409),
 *   buyer_must_pay (403), payment_method_missing (402), too_many_requests (429)
 */
export async function reserveChange(
  ctx: PaymentContext,
  target: ChangeTarget,
  input: ChangeInput,
  { key, at }: { key: string; at: Date },
): Promise<Attempt | null> {
  return inTransaction(ctx.db, async (tx) => {
    const subscriber = await lockProfile(tx, target.subscriber.id);
    if (await findChangeByKey(tx, key)) return null;
    await lockPlaces(tx, target, at);
    await lockOpenLots(tx, subscriber.id);
    const { in_flight } = await runTogether(tx, { in_flight: ordersInFlight(subscriber.id, []) });
    if (in_flight) throw billingProblems.charge_pending();
    const loaded = await loadChange(tx, ctx, { ...target, subscriber }, at);
    const planned = decideAsShown(ctx, loaded, input, at);
    await requireExecutable(tx, loaded, planned, { input, now: ctx.clock.now() });
    const shown = showChange(loaded.facts, planned);
    const row = {
      key,
      subscription_id: loaded.facts.subscription.id,
      plan_id: loaded.facts.to.id,
      effective_at: planned.effective_at,
      terms: JSON.stringify(storedTerms(planned, shown)),
      created_by: actorId(ctx),
      created_at: ctx.clock.now(),
    };
    if (planned.at === 'period_end') {
      await insertChange(tx, { ...row, state: 'settled', closed_at: row.created_at });
      await storePending(ctx, tx, loaded, planned, { option: input.option, by: row.created_by });
      return null;
    }
    const lines = changeLines(loaded.facts, planned);
    if (lines.length === 0) {
      await executeUnpaid(ctx, tx, await insertChange(tx, { ...row, state: 'reserved' }), null);
      return null;
    }
    const scope = { subscriber, loaded, planned };
    const paid = payByCredit(scope, lines);
    const prepared = planned.charge_amount === 0 ? null : await prepare(ctx, tx, scope, { input, key, ...paid });
    const placed = await placeChange(tx, scope, { row, ...paid, prepared, at });
    if (placed.attempt !== null && prepared) return { ...placed.attempt, source: prepared.source };
    const change = await findChangeByKey(tx, key);
    assert(change, 'the change was inserted with its order');
    if (input.leave_due) await askForPayment(ctx, tx, placed);
    await executeUnpaid(ctx, tx, change, placed);
    return null;
  });
}

/** Locks the places of the subscriber for both plans, then the subscription. */
async function lockPlaces(tx: Tx, { subscriber, plan, to }: ChangeTarget, at: Date): Promise<void> {
  const plans = await findPlansBySlugs(tx, [plan, to]);
  const ids = [...new Set([...plans.values()].map(({ id }) => id))];
  await lockSubscriptionSlots(
    tx,
    ids.map((plan_id) => ({ profile_id: subscriber.id, plan_id })),
  );
  const from = plans.get(plan);
  const subscription = from && (await findSubscription(tx, subscriber.id, from.id, at));
  if (subscription) await lockSubscriptions(tx, [subscription.id]);
}

/** Decides the change at the instant of the preview. @throws PreviewOutdated unless the preview showed the same */
function decideAsShown(ctx: PaymentContext, loaded: LoadedChange, input: ChangeInput, at: Date): PlannedChange {
  const { facts } = loaded;
  if (isPreviewExpired(at, ctx.clock.now()) || passedBoundary(facts, at, ctx.clock.now()))
    throw new PreviewOutdated('expired');
  const planned = decideChange(loaded, input, at);
  const shown = keyedFacts(showChange(facts, planned), facts, actorId(ctx));
  if (!isKeyOfPreview(input.preview_key, at, shown)) throw new PreviewOutdated('changed');
  return planned;
}

/** True if a period of the subscription ended between the preview and now. */
function passedBoundary({ subscription, from }: ChangeFacts, at: Date, now: Date): boolean {
  const { ends_at, anchor_at } = subscription;
  if (ends_at <= now) return true;
  const elapsed = Math.floor((at.getTime() - anchor_at.getTime()) / DAY_MS);
  // Boundaries are at least an hour apart: of the next ones, those up to `now` are few.
  for (let count = estimate(elapsed, from.period_type); ; count += 1) {
    const boundary = addPeriods(anchor_at, count * from.period_length, from.period_type);
    if (boundary > now) return false;
    if (boundary > at) return true;
  }
}

/** Returns a number of periods that is not larger than those in a number of days. */
function estimate(days: number, type: ChangeFacts['from']['period_type']): number {
  const per_day = { hourly: 24, daily: 1, weekly: 1 / 7, monthly: 1 / 31, yearly: 1 / 366 }[type];
  return Math.floor(days * per_day) - 1;
}

/** Requires what only the execution of a change needs. */
async function requireExecutable(
  tx: Tx,
  { facts, chain }: LoadedChange,
  planned: PlannedChange,
  { input, now }: { input: ChangeInput; now: Date },
): Promise<void> {
  if (facts.has_pending && !input.replace) throw billingProblems.change_pending();
  if (planned.lost_uses.length > 0 && !input.accept_lost_uses)
    throw billingProblems.uses_would_lapse({ members: { lost_uses: planned.lost_uses } });
  const ids = chain.map(({ id }) => id);
  if ((await countExecutedChanges(tx, ids, new Date(now.getTime() - DAY_MS))) >= CHANGES_MAX)
    throw billingProblems.too_many_changes({ retry_after_s: 3600 });
}

interface ChangeScope {
  subscriber: Profile;
  loaded: LoadedChange;
  planned: PlannedChange;
}

/** Prepares the charge of a change. A provider charges a subscriber who allows it only, and the card on file only. */
async function prepare(
  ctx: PaymentContext,
  tx: Tx,
  { subscriber, loaded: { facts, caller }, planned }: ChangeScope,
  { input, key, lines }: { input: ChangeInput; key: string; lines: readonly NewOrderLine[] },
): Promise<PreparedAttempt> {
  if (!caller.buys && !subscriber.allow_provider_charges) throw billingProblems.buyer_must_pay();
  const token = caller.buys && input.token !== null && input.token !== '' ? input.token : null;
  const paid = { processors: ctx.processors, lines: payableLines(lines), unit: facts.to.unit, at: ctx.clock.now() };
  if (token === null && !(await findUsableCard(tx, { ...paid, profile_id: subscriber.id })))
    throw billingProblems.payment_method_missing();
  return prepareAttempt(tx, {
    ...paid,
    profile_id: subscriber.id,
    created_by: actorId(ctx),
    amount: planned.charge_amount,
    description: describeCharge(facts, planned),
    token,
    remember_card: caller.buys && input.remember_card,
    key: `change-${key}`,
  });
}

function describeCharge({ from, to }: ChangeFacts, { quantity }: PlannedChange): string {
  if (from.id === to.id) return `${to.slug}: from ${quantity.from} to ${quantity.to} seats`;
  return `Change from ${from.slug} to ${to.slug}`;
}

/** Plans what credit pays of the lines of a change. */
function payByCredit({ loaded: { facts }, planned }: ChangeScope, given: readonly NewOrderLine[]) {
  const payable = given.filter(({ kind, amount }) => kind !== 'balance' && amount > 0);
  const uses = planUses([...facts.lots, ...newLots(facts, planned)], payable);
  const used = sumUsesByRank(uses);
  return { lines: given.map((line) => ({ ...line, credit_used: used.get(line.rank) ?? 0 })), uses };
}

/** Inserts the order of a change, the change, its charge attempt, and holds the credit that pays the order. */
async function placeChange(
  tx: Tx,
  { subscriber, loaded: { facts } }: ChangeScope,
  {
    row,
    lines,
    uses,
    prepared,
    at,
  }: ReturnType<typeof payByCredit> & { row: NewChange; prepared: PreparedAttempt | null; at: Date },
): Promise<{ order: Order; lines: OrderLine[]; attempt: Omit<Attempt, 'source'> | null }> {
  const known = new Set(facts.lots.map(({ id }) => id));
  const order: NewOrder = {
    profile_id: subscriber.id,
    created_by: row.created_by,
    cart_version: 'change',
    amount: lines.reduce((sum, { amount }) => sum + amount, 0),
    unit: facts.to.unit,
    attempt: prepared && prepared.row,
  };
  return insertOrder(tx, order, lines, at, {
    ...heldCredit(
      uses.filter(({ credit_id }) => known.has(credit_id)),
      row.created_at,
    ),
    new_change: insertedChange(row),
  });
}

/**
 * Makes the link that pays what a provider left due, and mails it to the subscriber. An order with a link waits for its
 * payer: no renewal charges it to the card on file.
 */
async function askForPayment(
  ctx: PaymentContext,
  tx: Tx,
  { order, lines }: { order: Order; lines: readonly OrderLine[] },
): Promise<void> {
  const ordered = lines.filter(({ kind }) => kind !== 'balance');
  const amount = ordered.reduce((sum, line) => sum + line.amount - line.credit_used, 0);
  const [line] = ordered;
  if (!line || amount === 0) return;
  const claim_code = randomKey40();
  const at = ctx.clock.now();
  const { profile_id, unit } = order;
  const due = { profile_id, provider_id: line.provider_id, claim_code, amount, unit };
  const created_by = actorId(ctx);
  await insertPaymentLink(tx, { ...due, order_id: order.id, created_by, created_at: at, sent_at: at });
  const unpaid = ordered.filter((each) => each.amount > each.credit_used);
  const named = unpaid.slice(0, MAIL_LINES).map((each) => ({ ...each, payer_id: profile_id }));
  const shown = await describeOrderLines(tx, named);
  await emit(tx, paymentLinkSent({ ...due, lines: shown, originated_by: created_by }), at);
}

interface NewChange {
  key: string;
  subscription_id: SubscriptionId;
  plan_id: PlanId;
  effective_at: Date;
  terms: string;
  created_by: UserId | null;
  created_at: Date;
}

/** Part that inserts a change that waits for its payment. It names the part `new_order`. */
function insertedChange(row: NewChange): Part<void> {
  return {
    query: fragment`insert into subscription_changes (key, subscription_id, plan_id, state, effective_at, terms, order_id,
        created_by, created_at)
      select ${row.key}, ${row.subscription_id}::bigint, ${row.plan_id}::bigint, 'reserved', ${row.effective_at}::timestamptz,
        ${row.terms}::jsonb, new_order.id, ${row.created_by}::bigint, ${row.created_at}::timestamptz from new_order`,
    read: null,
  };
}
