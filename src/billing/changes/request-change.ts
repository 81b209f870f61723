import assert from 'node:assert/strict';
import type { Problem } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { previewInstant } from '#platform/security/preview-key';
import { sha256Hex } from '#platform/security/crypto';
import {
  abandonAttempt,
  actionProblem,
  type Attempt,
  awaitAction,
  callProcessor,
  type Charge,
  type ChargeOutcome,
  closeUnpaidAttempt,
  declinedProblem,
  findAttempt,
  findChargeOfAttempt,
  findOutcome,
  isUndecided,
  limitDeclines,
  type PaymentContext,
  returnPayment,
} from '#payments';
import { findManagedAmong, lockProfile } from '#profiles';
import { paymentUnknownProblem, refusingConcurrent } from '../checkout/index.ts';
import { returnHeldCredit } from '../credits/index.ts';
import { lockReservedOrder, updateOrderState } from '../records/index.ts';
import { declinedReason, type UnpaidReason } from '../orders/index.ts';
import { billingProblems } from '../problems.ts';
import { type ChangeRow, closeChange, findAttemptOfOrder, findChangeByKey } from './change-store.ts';
import { settleChange } from './execute-change.ts';
import type { ChangeTarget } from './load-change.ts';
import { previewChange } from './preview-change.ts';
import { type ChangeInput, PreviewOutdated, reserveChange } from './reserve-change.ts';

/** Outcome of a change. `pending`: the processor has not decided the payment; the old plan goes on. */
export type ChangeOutcome =
  | { state: 'done'; change: ChangeRow; charge: Charge | null }
  | { state: 'payment_pending'; change: ChangeRow; processor_key: string };

/**
 * Changes the plan or the quantity of a subscription as the preview showed it, in the three steps of a checkout. A
 * refused payment leaves everything unchanged. A retry with the same key returns the outcome of the first request.
 * @throws preview_required (400), preview_outdated (409) with the new preview; the problems of `reserveChange`;
 *   card_declined (400), action_required (402), payment_unknown (503)
 */
export async function requestChange(
  ctx: PaymentContext,
  target: ChangeTarget,
  input: Omit<ChangeInput, 'preview_key'> & { preview_key: string | null },
): Promise<ChangeOutcome> {
  const { preview_key } = input;
  if (preview_key === null || preview_key === '') throw billingProblems.preview_required();
  const at = previewInstant(preview_key);
  if (at === null) throw await outdatedProblem(ctx, target, input, 'changed');
  const key = sha256Hex(preview_key).slice(0, 40);
  return limitDeclines(ctx, async () => {
    const earlier = await findChangeByKey(ctx.db, key);
    if (earlier) return resumeChange(ctx, earlier);
    try {
      const attempt = await refusingConcurrent(() =>
        reserveChange(ctx, target, { ...input, preview_key }, { key, at }),
      );
      const change = await findChangeByKey(ctx.db, key);
      assert(change, 'the change was recorded');
      if (attempt === null) return await resumeChange(ctx, change);
      const is_payer_absent = !(await managesPayer(ctx, target.subscriber.id));
      const outcome = await chargePayer({ ...ctx, is_payer_absent }, attempt, change).catch((error: unknown) => {
        throw paymentUnknownProblem(error);
      });
      return await applyChangeOutcome(ctx, change, attempt, outcome);
    } catch (error) {
      if (error instanceof PreviewOutdated) throw await outdatedProblem(ctx, target, input, error.reason);
      throw error;
    }
  });
}

/**
 * Charges the payer of a change. A payment that an absent payer would have to confirm is ended: the caller must not
 * confirm it, and the payer must not find the plan changed later. If it took money meanwhile, that is its outcome.
 */
async function chargePayer(
  ctx: PaymentContext,
  attempt: Attempt,
  { order_id }: Pick<ChangeRow, 'order_id'>,
): Promise<ChargeOutcome> {
  const outcome = await callProcessor(ctx, attempt, order_id);
  if (ctx.is_payer_absent !== true || outcome.outcome !== 'action_required') return outcome;
  const ended = await abandonAttempt(ctx, { ...attempt, intent_key: outcome.intent_key });
  if (ended.outcome !== 'declined') return ended;
  const detail = 'The bank of the payer asks for a confirmation, which only the payer can give.';
  return { ...ended, kind: 'authenticate', code: 'authentication_required', detail };
}

/** True if the caller manages the payer: only the payer can confirm a payment at the bank. */
async function managesPayer(ctx: PaymentContext, payer_id: ProfileId): Promise<boolean> {
  const user_id = actorId(ctx);
  return user_id !== null && (await findManagedAmong(ctx.db, user_id, [payer_id])).has(payer_id);
}

/** Builds the problem of an outdated preview, with the new preview; a refusal of the change takes its place. */
async function outdatedProblem(
  ctx: PaymentContext,
  target: ChangeTarget,
  input: Omit<ChangeInput, 'preview_key'>,
  reason: PreviewOutdated['reason'],
): Promise<Problem> {
  const preview = await previewChange(ctx, target, input);
  return billingProblems.preview_outdated({ members: { reason, preview } });
}

/** Settles the change, closes it unpaid, or leaves it open while the payer or the processor decides. */
export async function applyChangeOutcome(
  ctx: PaymentContext,
  change: ChangeRow,
  attempt: Attempt,
  outcome: ChargeOutcome,
): Promise<ChangeOutcome> {
  if (outcome.outcome === 'action_required') {
    await awaitAction(ctx, attempt, outcome);
    throw actionProblem(ctx.processors.getByName(attempt.processor), outcome);
  }
  if (outcome.outcome === 'declined') {
    await closeUnpaidChange(ctx, change, attempt, declinedReason(outcome));
    if (outcome.taken) await returnPayment(ctx, attempt.processor, outcome.taken, attempt.profile_id);
    throw declinedProblem(outcome);
  }
  const { evidence, processor_key } = outcome;
  if (isUndecided(evidence)) return { state: 'payment_pending', change, processor_key };
  if (evidence.state === 'failed') {
    const failed = { code: 'payment_failed', detail: evidence.detail, kind: 'retry' as const };
    await closeUnpaidChange(ctx, change, attempt, { state: 'declined', ...failed });
    throw declinedProblem(failed);
  }
  const charge = (await settleChange(ctx, change, attempt, outcome)) ?? (await findChargeOfAttempt(ctx.db, attempt.id));
  assert(charge, 'a settled change has a charge');
  return { state: 'done', change: (await findChangeByKey(ctx.db, change.key)) ?? change, charge };
}

/**
 * Ends a change without a payment: nothing of the subscription was touched. Returns the credit that its order holds. No
 * effect on a change that is closed.
 *
 * Locks: the payer's profile, then the order.
 */
export async function closeUnpaidChange(
  ctx: PaymentContext,
  change: ChangeRow,
  attempt: Attempt,
  reason: UnpaidReason,
): Promise<void> {
  const { order_id } = change;
  assert(order_id !== null, 'a change with a payment has an order');
  await inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, attempt.profile_id);
    const order = await lockReservedOrder(tx, order_id);
    if (!order) return;
    const at = ctx.clock.now();
    const is_refused = reason.state === 'declined';
    await returnHeldCredit(tx, order.id);
    // The order of a change counts no redemptions.
    const state = is_refused ? 'refused' : 'given_up';
    await updateOrderState(tx, order.id, { state, is_holding: false, closed_at: at });
    await closeUnpaidAttempt(tx, attempt, reason.state, reason, at);
    await closeChange(tx, change.id, { state, closed_at: at });
  });
}

/** Returns the outcome of an earlier request with the same key. */
async function resumeChange(ctx: PaymentContext, change: ChangeRow): Promise<ChangeOutcome> {
  const attempt_id = change.order_id === null ? null : await findAttemptOfOrder(ctx.db, change.order_id);
  const attempt = attempt_id === null ? undefined : await findAttempt(ctx.db, attempt_id);
  if (change.state === 'settled') {
    const charge = attempt ? ((await findChargeOfAttempt(ctx.db, attempt.id)) ?? null) : null;
    return { state: 'done', change, charge };
  }
  assert(attempt, 'a change that is not executed waits for a payment');
  if (change.state !== 'reserved')
    throw declinedProblem({
      code: attempt.decline_code ?? '',
      detail: attempt.detail ?? '',
      kind: attempt.decline_kind,
    });
  const outcome = await findOutcome(ctx, attempt).catch((error: unknown) => {
    throw paymentUnknownProblem(error);
  });
  if (outcome === null) throw billingProblems.checkout_in_flight({ retry_after_s: 60 });
  return applyChangeOutcome(ctx, change, attempt, outcome);
}
