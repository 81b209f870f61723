import assert from 'node:assert/strict';
import { actorId } from '#platform/actor-id';
import { findPlansByIds, planSummary, type PlanSummary } from '#catalog';
import type { Context } from '#platform/context';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import type { CancellationId, RefundId } from '#platform/db/db-schema';
import { isPreviewExpired, makePreviewKey, PREVIEW_LIFETIME_MS, previewInstant } from '#platform/security/preview-key';
import { sha256Hex } from '#platform/security/crypto';
import { findChargeById, type PaymentContext, reserveRefund } from '#payments';
import {
  deleteEnding,
  type EndingReason,
  findRecordedEnding,
  isFrozen,
  subscriptionProblems,
  updateSubscription,
} from '#subscriptions';
import {
  findDueOn,
  findRunning,
  lockRunning,
  requireNoOpenCharge,
  type Running,
  type RunningTarget,
} from '../pauses/index.ts';
import { billingProblems } from '../problems.ts';
import { wholeSecond } from '../whole-second.ts';
import { mayChooseRefund, refundChoices } from './cancellation.ts';
import { findCancellationByKey, insertCancellation } from './cancellation-store.ts';
import { closeCasesOf } from './close-cases.ts';
import { executeCancellation } from './execute-cancellation.ts';
import { finishCancellation } from './finish-cancellation.ts';
import { type CancelPlan, type CancelWish, planCancellation } from './plan-cancellation.ts';

/** What is shown before a cancellation, and promised by its key. */
export interface CancelPreview {
  preview_key: string;
  expires_at: string;
  at: CancelPlan['at'];
  ends_at: string;
  lines: { kind: 'credit_note' | 'refund'; amount: number; unit: string; covers_from: string; covers_to: string }[];
  refund_amount: number;
  credit_amount: number;
  due_after: number;
  unit: string;
  deletes: { pending_change: PlanSummary | null; pause: boolean };
}

/** Outcome of a cancellation. `pending`: the processor has not decided the refund; the subscription goes on. */
export interface CancelResult {
  state: 'done' | 'pending';
  ends_at: string;
  auto_renew: boolean;
  refund_amount: number;
  credit_amount: number;
  deletes: CancelPreview['deletes'];
}

/** What a caller confirms. */
export interface CancelRequest extends CancelWish {
  preview_key: string | null;
  reason: EndingReason | null;
  comment: string | null;
}

/**
 * Shows what a cancellation would do now. Writes nothing.
 * @throws subscription_unknown (404), refund_not_offered, payment_disputed, charge_pending (409)
 */
export async function previewCancellation(
  ctx: Context,
  target: RunningTarget,
  wish: CancelWish,
): Promise<CancelPreview> {
  const at = wholeSecond(ctx.clock.now());
  const running = await findRunning(ctx, ctx.db, target, at);
  await requireNoOpenCharge(ctx.db, running.subscription);
  return present(ctx, ctx.db, running, await planCancellation(ctx.db, running, wish, at), at);
}

/** A cancellation that a caller may choose, with what it would do. */
export interface CancelChoice {
  wish: CancelWish;
  preview: CancelPreview;
}

/**
 * Returns what each cancellation that the caller may choose would do now, that at the end of the period first. Choices
 * that give nothing back are left out, beside the one that gives nothing. A subscription that stands still ends at
 * once, and one that does not renew ends at the end of its period without a cancellation.
 * @throws subscription_unknown (404), payment_disputed, charge_pending (409)
 */
export async function previewCancellations(ctx: Context, target: RunningTarget): Promise<CancelChoice[]> {
  const at = wholeSecond(ctx.clock.now());
  const running = await findRunning(ctx, ctx.db, target, at);
  await requireNoOpenCharge(ctx.db, running.subscription);
  const { subscription } = running;
  const wishes: CancelWish[] = [];
  if (subscription.auto_renew && !isFrozen(subscription)) wishes.push({ at: 'period_end', refund: 'none' });
  for (const refund of refundChoices) if (mayChooseRefund(refund, running, at)) wishes.push({ at: 'now', refund });
  // Together: the choices read the same tables one after the other.
  const choices = await mergeReads(
    ctx.db,
    wishes.map((wish) => async (reader: Reader): Promise<CancelChoice | null> => {
      const plan = await planCancellation(reader, running, wish, at);
      if (wish.refund !== 'none' && plan.lines.length === 0) return null;
      return { wish, preview: await present(ctx, reader, running, plan, at) };
    }),
  );
  return choices.filter((choice) => choice !== null);
}

async function present(
  ctx: Context,
  reader: Reader,
  running: Running,
  plan: CancelPlan,
  at: Date,
): Promise<CancelPreview> {
  const { subscription, plan: sold } = running;
  const { pending_plan_id } = plan;
  const [pending, due] = await mergeReads(reader, [
    async (together) => pending_plan_id && (await findPlansByIds(together, [pending_plan_id])).get(pending_plan_id),
    (together) => findDueOn(together, subscription, sold),
  ]);
  const reduced = plan.lines.reduce((sum, line) => sum + line.due - (line.forgiven ?? 0), 0);
  const shown = {
    at: plan.at,
    ends_at: plan.ends_at.toISOString(),
    lines: plan.lines.flatMap(({ covers_from, covers_to, ...line }) => {
      const span = { unit: plan.unit, covers_from: covers_from.toISOString(), covers_to: covers_to.toISOString() };
      return [
        { kind: 'credit_note' as const, amount: -(line.due + line.credit), ...span },
        { kind: 'refund' as const, amount: -(line.unused + line.used), ...span },
      ].filter(({ amount }) => amount !== 0);
    }),
    refund_amount: plan.refund_amount,
    credit_amount: plan.credit_amount,
    due_after: due - reduced,
    unit: plan.unit,
    deletes: { pending_change: pending ? planSummary(pending) : null, pause: plan.pause !== undefined },
  };
  const facts = { ...shown, subscription: subscription.id, caller: actorId(ctx) };
  return {
    preview_key: makePreviewKey(at, facts),
    expires_at: new Date(at.getTime() + PREVIEW_LIFETIME_MS).toISOString(),
    ...shown,
  };
}

/**
 * Cancels a subscription: at the end of what is paid, or now. What moves money is confirmed by the key of its preview;
 * a key of another preview cancels nothing. Refunds are recorded before the processor is called, and a job finishes
 * what a crash left open. A dunning case of the payer that has nothing else due is closed.
 *
 * Locks: as `lockRunning`; then the charges with their providers, or the coverages.
 * @throws the problems of `previewCancellation`; preview_required (400), preview_outdated (409), refund_exceeds_funds
 *   (405), refund_refused (400), processor_unreachable (503)
 */
export async function requestCancellation(
  ctx: PaymentContext,
  target: RunningTarget,
  request: CancelRequest,
): Promise<CancelResult> {
  const key = request.preview_key === null ? null : sha256Hex(`cancellation ${request.preview_key}`).slice(0, 40);
  const earlier = key === null ? undefined : await findCancellationByKey(ctx.db, key);
  if (earlier?.state === 'settled') return earlier.result as unknown as CancelResult; // stored by this verb
  if (earlier?.state === 'reserved') throw billingProblems.charge_pending();
  const reserved = await inTransaction(ctx.db, (tx) => reserve(ctx, tx, target, request, key));
  const result =
    'result' in reserved
      ? reserved.result
      : await finishCancellation(ctx, reserved.cancellation_id, { is_retry: false });
  if (result.state === 'done') await closeCasesOf(ctx, reserved.running, ctx.clock.now());
  return result;
}

async function reserve(
  ctx: PaymentContext,
  tx: Tx,
  target: RunningTarget,
  request: CancelRequest,
  key: string | null,
): Promise<{ running: Running } & ({ result: CancelResult } | { cancellation_id: CancellationId })> {
  const now = wholeSecond(ctx.clock.now());
  const at = (request.preview_key === null ? null : previewInstant(request.preview_key)) ?? now;
  const running = await lockRunning(ctx, tx, target, now);
  await requireNoOpenCharge(tx, running.subscription);
  const plan = await planCancellation(tx, running, request, at);
  const preview = await present(ctx, tx, running, plan, at);
  // A key that is given is checked in any case: its instant, at which the subscription would end, is the caller's text.
  if (plan.lines.length > 0 || request.preview_key !== null)
    await requirePreview(ctx, tx, running, { request, preview, at, now });
  const created_by = actorId(ctx);
  const by_provider = running.is_provider && request.reason === null && !(await isStoppedBefore(tx, running, plan));
  const { reason, comment } = request;
  const result: CancelResult = {
    state: 'done',
    ends_at: preview.ends_at,
    auto_renew: false,
    refund_amount: preview.refund_amount,
    credit_amount: preview.credit_amount,
    deletes: preview.deletes,
  };
  const cards = plan.lines.flatMap((line) => line.cards);
  if (cards.length === 0 || key === null) {
    const event_key = key ?? `${running.subscription.id}:${at.toISOString()}`;
    await executeCancellation(tx, running, plan, {
      key: event_key,
      at,
      reason,
      comment,
      created_by,
      by_provider,
      refunds: [],
    });
    return { running, result };
  }
  const refund_ids: RefundId[] = [];
  const groups = Map.groupBy(cards, ({ charge_id }) => charge_id);
  for (const [charge_id, parts] of [...groups].toSorted(([a], [b]) => a - b)) {
    const charge = await findChargeById(tx, charge_id);
    assert(charge, 'a paid line has a charge');
    const terms = ctx.processors.getByName(charge.processor);
    const wanted = parts.map(({ num, amount }) => ({ num, refunded_amount: amount }));
    refund_ids.push((await reserveRefund(tx, charge_id, wanted, { terms, created_by, is_held: true, at: now })).id);
  }
  const { pause: _pause, pending_plan_id: _pending, ...decided } = plan;
  const terms = { plan: decided, reason, comment, by_provider, result };
  const { id } = await insertCancellation(
    tx,
    { key, subscription_id: running.subscription.id, effective_at: at, terms, created_by, created_at: now },
    refund_ids,
  );
  return { running, cancellation_id: id };
}

/**
 * True if the renewal was stopped before, and not by a cancellation of the provider: the provider could take its own
 * cancellation back, and the subscription would renew.
 */
async function isStoppedBefore(tx: Tx, { subscription }: Running, { at }: CancelPlan): Promise<boolean> {
  if (at === 'now' || subscription.auto_renew) return false;
  return (await findRecordedEnding(tx, subscription.id))?.kind !== 'by_provider';
}

/** @throws preview_required (400), preview_outdated (409) with the new preview */
async function requirePreview(
  ctx: Context,
  tx: Tx,
  running: Running,
  { request, preview, at, now }: { request: CancelRequest; preview: CancelPreview; at: Date; now: Date },
): Promise<void> {
  if (request.preview_key === null) throw billingProblems.preview_required();
  const is_expired = isPreviewExpired(at, now);
  if (!is_expired && preview.preview_key === request.preview_key) return;
  const current = await present(ctx, tx, running, await planCancellation(tx, running, request, now), now);
  const reason = is_expired ? 'expired' : 'changed';
  throw billingProblems.preview_outdated({ members: { reason, preview: { ...current } } });
}

/**
 * True if the caller may take a planned cancellation back. The subscription renews and is charged again, so a provider
 * takes back its own cancellations only, not those of the subscriber.
 */
export function mayWithdraw(
  { is_subscriber, runs_site }: { is_subscriber: boolean; runs_site: boolean },
  kind: string | undefined,
): boolean {
  return is_subscriber || runs_site || kind === 'by_provider';
}

/**
 * Takes a planned cancellation back: the subscription renews again as its plan says.
 * @throws subscription_unknown, cancellation_unknown (404), subscription_protected (403)
 */
export async function withdrawCancellation(
  ctx: Context,
  target: RunningTarget,
): Promise<{ ends_at: string; auto_renew: boolean }> {
  const at = wholeSecond(ctx.clock.now());
  return inTransaction(ctx.db, async (tx) => {
    const running = await lockRunning(ctx, tx, target, at);
    const { subscription, plan } = running;
    if (subscription.cancelled_at === null) throw billingProblems.cancellation_unknown();
    const ending = await findRecordedEnding(tx, subscription.id);
    if (!mayWithdraw(running, ending?.kind))
      throw subscriptionProblems.subscription_protected({ detail: 'Only the subscriber can take this back.' });
    const is_trial = subscription.trial_ends_at !== null && subscription.trial_ends_at > at;
    const auto_renew = is_trial || plan.renewal_type === 'auto-renew';
    const renewed = await updateSubscription(tx, subscription.id, { auto_renew, cancelled_at: null });
    await deleteEnding(tx, subscription.id);
    return { ends_at: renewed.ends_at.toISOString(), auto_renew };
  });
}
