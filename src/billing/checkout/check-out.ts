import assert from 'node:assert/strict';
import type { Problem } from '#kernel/problem';
import type { OrderId, ProfileId } from '#platform/db/db-schema';
import {
  actionProblem,
  type Attempt,
  awaitAction,
  callProcessor,
  type Charge,
  type ChargeOutcome,
  declinedProblem,
  findAttemptByKey,
  findChargeOfAttempt,
  findOutcome,
  limitDeclines,
  type PaymentContext,
  saveCard,
} from '#payments';
import { type CartOwner, findOrderOfAttempt } from '../records/index.ts';
import { mergeVisitorCart } from '../cart/index.ts';
import { billingProblems } from '../problems.ts';
import { type CheckoutInput, type Reservation, reserveOrder } from './reserve-order.ts';
import { closePaidCases } from '../dunning/index.ts';
import { abandonAwaitingOrder, CardNeeded, closeUnpaidOrder, settleOrder } from '../orders/index.ts';

/**
 * Orders and pays the items of a cart in three steps, because no network call may run inside a transaction:
 * 1. reserve: commits the order and the charge attempt;
 * 2. charge: calls the processor with the key of the attempt;
 * 3. settle: commits the paid order, subscriptions, ledger entries and the charge.
 *
 * The job `finish_orders` completes orders after a crash between the steps. A retry with the same `key` returns the
 * outcome of the first attempt. Returns the charge, or null if the total is zero.
 * @throws the problems of reserveOrder; card_declined (400); action_required (402) when the buyer must confirm;
 *   too_many_requests (429); payment_unknown (503) when the processor did not respond
 * @see docs/spec/billing.md 4.5, docs/decisions/0005-checkout-in-three-verbs.md
 */
export async function checkOut(
  ctx: PaymentContext,
  payer_id: ProfileId,
  owner: CartOwner,
  input: CheckoutInput,
): Promise<Charge | null> {
  return limitDeclines(ctx, () => runCheckout(ctx, payer_id, owner, input));
}

async function runCheckout(
  ctx: PaymentContext,
  payer_id: ProfileId,
  owner: CartOwner,
  input: CheckoutInput,
): Promise<Charge | null> {
  const earlier = input.key ? await findAttemptByKey(ctx.db, input.key) : undefined;
  if (earlier && earlier.state !== 'failed') return resumeCheckout(ctx, earlier);
  await mergeVisitorCart(ctx);
  const { order, attempt } = await reserveWithCard(ctx, payer_id, owner, earlier ? { ...input, key: null } : input);
  if (attempt === null) return null;
  const outcome = await callProcessor(ctx, attempt).catch((error: unknown) => {
    throw paymentUnknownProblem(error);
  });
  return applyOutcome(ctx, order.id, attempt, outcome);
}

/**
 * Reserves the order. An order with a trial is paid by a card on file: the card of the buyer is put there first, and
 * nothing is charged for the trial.
 */
async function reserveWithCard(
  ctx: PaymentContext,
  payer_id: ProfileId,
  owner: CartOwner,
  input: CheckoutInput,
): Promise<Reservation> {
  try {
    return await reserveOrder(ctx, payer_id, owner, input);
  } catch (error) {
    if (!(error instanceof CardNeeded) || input.token === null) throw error;
    await saveCard(ctx, payer_id, input.token);
    return reserveOrder(ctx, payer_id, owner, { ...input, token: null, promised_trials: error.trials });
  }
}

/** The order stays reserved; the job `finish_orders` looks up the outcome by the same key. */
export function paymentUnknownProblem(cause: unknown): Problem {
  return billingProblems.payment_unknown({ retry_after_s: 60, cause });
}

/** Settles the order, closes it unpaid, or leaves it reserved while the buyer confirms the payment. */
export async function applyOutcome(
  ctx: PaymentContext,
  order_id: OrderId,
  attempt: Attempt,
  outcome: ChargeOutcome,
): Promise<Charge> {
  if (outcome.outcome === 'action_required') {
    await awaitAction(ctx, attempt, outcome);
    throw actionProblem(ctx.processors.getByName(attempt.processor), outcome);
  }
  if (outcome.outcome === 'declined') {
    await closeUnpaidOrder(ctx, order_id, attempt, { state: 'declined', code: outcome.code, detail: outcome.detail });
    throw declinedProblem(outcome);
  }
  const charge =
    (await settleOrder(ctx, order_id, attempt, outcome, { balancePaid: closePaidCases })) ??
    (await findChargeOfAttempt(ctx.db, attempt.id));
  assert(charge, 'an accepted payment has a charge');
  return charge;
}

/**
 * Ends a payment of a checkout that waits for its payer, and closes its order.
 * @throws processor_unreachable (503)
 */
export async function abandonCheckout(ctx: PaymentContext, attempt: Attempt): Promise<void> {
  await abandonAwaitingOrder(ctx, attempt, { balancePaid: closePaidCases });
}

/** Returns the outcome of the attempt that an earlier request made with the same key. */
export async function resumeCheckout(ctx: PaymentContext, attempt: Attempt): Promise<Charge> {
  const { id, state, decline_code, detail } = attempt;
  if (state === 'reserved') throw billingProblems.checkout_in_flight({ retry_after_s: 60 });
  if (state === 'awaiting_action') return resumeAction(ctx, attempt);
  if (state === 'declined') throw declinedProblem({ code: decline_code ?? '', detail: detail ?? '' });
  const charge = await findChargeOfAttempt(ctx.db, id);
  assert(charge, 'a settled attempt has a charge');
  return charge;
}

async function resumeAction(ctx: PaymentContext, attempt: Attempt): Promise<Charge> {
  const order = await findOrderOfAttempt(ctx.db, attempt.id);
  assert(order, 'an attempt of a checkout has an order');
  const outcome = await findOutcome(ctx, attempt).catch((error: unknown) => {
    throw paymentUnknownProblem(error);
  });
  if (outcome === null) throw billingProblems.checkout_in_flight({ retry_after_s: 60 });
  return applyOutcome(ctx, order.id, attempt, outcome);
}
