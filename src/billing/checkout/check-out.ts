import assert from 'node:assert/strict';
import { Problem } from '#kernel/problem';
import type { OrderId, ProfileId, UserId } from '#platform/db/db-schema';
import {
  actionProblem,
  type Attempt,
  awaitAction,
  callProcessor,
  type Charge,
  type ChargeOutcome,
  declinedProblem,
  findAttemptByIntent,
  findAttemptByKey,
  findChargeOfAttempt,
  findOutcome,
  findWaitingAttempt,
  INTENT_DIFFERS,
  limitDeclines,
  type PaymentContext,
  returnPayment,
  saveCard,
} from '#payments';
import { type CartOwner, findOrderOfAttempt, isOrderOfChange } from '../records/index.ts';
import { mergeVisitorCart } from '../cart/index.ts';
import { billingProblems } from '../problems.ts';
import { type CheckoutInput, type Reservation, reserveOrder } from './reserve-order.ts';
import { differsProblem, findNamedPayment, returnIfFinal } from './named-intent.ts';
import { closePaidCases } from '../dunning/index.ts';
import { abandonAwaitingOrder, CardNeeded, closeUnpaidOrder, declinedReason, settleOrder } from '../orders/index.ts';

/**
 * Orders and pays the items of a cart in three steps, because no network call may run inside a transaction:
 * 1. reserve: commits the order and the charge attempt;
 * 2. charge: calls the processor with the key of the attempt;
 * 3. settle: commits the paid order, subscriptions, ledger entries and the charge.
 *
 * The job `finish_orders` completes orders after a crash between the steps. A retry with the same `key` returns the
 * outcome of the first attempt. Another checkout of the payer ends one that waits for its payer, and proceeds. Returns
 * the charge, or null if the total is zero.
 * @throws the problems of reserveOrder and findNamedPayment; payment_confirmed (409) if the payment that waited was
 *   confirmed just now; card_declined, processor_refused (400); action_required (402) when the buyer must confirm; too_many_requests
 *   (429); payment_unknown (503) when the processor did not respond
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
  const named = await findNamedPayment(ctx, payer_id, owner, input.token);
  if (named?.waiting) return resumeCheckout(ctx, named.waiting);
  const intent = named && named.intent;
  const wanted = { ...input, intent, ...(earlier ? { key: null } : {}) };
  const same = { key: wanted.key ?? null, intent_key: intent && intent.intent_key };
  const reserved = await endingWaitingPayment(ctx, payer_id, () => reserveWithCard(ctx, payer_id, owner, wanted), {
    same,
  }).catch(async (error: unknown) => {
    const waiting = await findSameWaiting(ctx, payer_id, same);
    if (waiting) return waiting;
    throw await returnIfFinal(ctx, payer_id, intent, error);
  });
  // A concurrent request began the same payment, and it waits for its payer since.
  if (!('order' in reserved)) return resumeCheckout(ctx, reserved);
  const { order, attempt } = reserved;
  if (attempt === null) {
    // Credit paid what was paid at the processor too.
    if (intent?.taken) await returnPayment(ctx, ctx.processors.chosen.name, intent.taken, payer_id);
    return null;
  }
  const outcome = await callProcessor(ctx, attempt, order.id).catch((error: unknown) => {
    throw paymentUnknownProblem(error);
  });
  return applyOutcome(ctx, order.id, attempt, outcome);
}

/** What a checkout and its repetition have in common: the idempotency key, and the payment that both name. */
interface SamePayment {
  key: string | null;
  intent_key: string | null;
}

function isSame({ key, intent_key }: Attempt, same: SamePayment): boolean {
  return key === same.key || (intent_key !== null && intent_key === same.intent_key);
}

/** Finds the attempt of a payer that waits for the payer and that a concurrent request made for the same payment. */
export async function findSameWaiting(
  { db }: PaymentContext,
  payer_id: ProfileId,
  same: SamePayment,
): Promise<Attempt | undefined> {
  const { key, intent_key } = same;
  const attempt =
    (key === null ? undefined : await findAttemptByKey(db, key)) ??
    (intent_key === null ? undefined : await findAttemptByIntent(db, intent_key));
  return attempt?.profile_id === payer_id && attempt.state === 'awaiting_action' ? attempt : undefined;
}

/**
 * Reserves an order. If a payment of the payer waits for the bank or on a page of the processor, ends it first: its
 * payer pays in another way. Of two payments at most one takes money. A payment that is the `same` is not ended.
 *
 * `created_by`: as in findWaitingAttempt.
 * @throws payment_confirmed (409) if it was confirmed in the meantime: its order is settled
 */
export async function endingWaitingPayment<T>(
  ctx: PaymentContext,
  payer_id: ProfileId,
  reserve: () => Promise<T>,
  { created_by, same }: { created_by?: UserId | null; same: SamePayment },
): Promise<T> {
  try {
    return await reserve();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== billingProblems.checkout_in_flight.code) throw error;
    const attempt = await findWaitingAttempt(ctx.db, payer_id, created_by);
    if (attempt && isSame(attempt, same)) throw error;
    const order = attempt && (await findOrderOfAttempt(ctx.db, attempt.id));
    // The page of a change ends its payment.
    if (!attempt || !order || (await isOrderOfChange(ctx.db, order.id))) throw error;
    await abandonCheckout(ctx, attempt);
    const charge = await findChargeOfAttempt(ctx.db, attempt.id);
    if (charge) throw billingProblems.payment_confirmed({ cause: error, members: { charge: charge.processor_key } });
  }
  return reserve();
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
    await saveCard(ctx, payer_id, input.token, input.save_key ?? null);
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
    await closeUnpaidOrder(ctx, order_id, attempt, declinedReason(outcome));
    if (outcome.taken) await returnPayment(ctx, attempt.processor, outcome.taken, attempt.profile_id);
    throw outcome.code === INTENT_DIFFERS ? differsProblem(outcome.taken !== undefined) : declinedProblem(outcome);
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
  const { id, state, decline_code, decline_kind: kind, detail } = attempt;
  if (state === 'reserved') throw billingProblems.checkout_in_flight({ retry_after_s: 60 });
  if (state === 'awaiting_action') return resumeAction(ctx, attempt);
  if (state === 'declined') throw declinedProblem({ code: decline_code ?? '', detail: detail ?? '', kind });
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
