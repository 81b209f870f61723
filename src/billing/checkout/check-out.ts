import assert from 'node:assert/strict';
import type { ProfileId } from '#platform/db/db-schema';
import type { Context } from '#platform/context';
import {
  type Attempt,
  callProcessor,
  type Charge,
  declinedProblem,
  findAttemptByKey,
  findChargeOfAttempt,
  limitDeclines,
} from '#payments';
import type { CartOwner } from '../records/index.ts';
import { mergeVisitorCart } from '../cart/index.ts';
import { billingProblems } from '../problems.ts';
import { type CheckoutInput, reserveOrder } from './reserve-order.ts';
import { refuseOrder, settleOrder } from '../orders/index.ts';

/**
 * Buys what the cart holds, in three steps so that no network call sits in a transaction: reserve (the order and the intent to
 * charge are committed), charge (the processor, under the intent's key), settle (order, subscriptions, ledger and charge at once).
 *
 * The job `finish_orders` finishes what a crash left in between. A retry with the same `key` returns the outcome of the
 * first attempt.
 * Answers the charge, or null when nothing was to be paid.
 * @throws what reserveOrder throws; card_declined (400); too_many_requests (429); payment_unknown (503) when the processor did not answer
 * @see docs/spec/billing.md 4.5, docs/decisions/0005-checkout-in-three-verbs.md
 */
export async function checkOut(
  ctx: Context,
  payer_id: ProfileId,
  owner: CartOwner,
  input: CheckoutInput,
): Promise<Charge | null> {
  return limitDeclines(ctx, () => buy(ctx, payer_id, owner, input));
}

async function buy(ctx: Context, payer_id: ProfileId, owner: CartOwner, input: CheckoutInput): Promise<Charge | null> {
  const earlier = input.key ? await findAttemptByKey(ctx.db, input.key) : undefined;
  if (earlier && earlier.state !== 'failed') return resume(ctx, earlier);
  await mergeVisitorCart(ctx);
  const { order, attempt } = await reserveOrder(ctx, payer_id, owner, earlier ? { ...input, key: null } : input);
  if (attempt === null) return null;
  const answer = await callProcessor(ctx, attempt).catch((error: unknown) => {
    // The outcome is unknown: the order stays reserved, and the job asks again under the same key.
    throw billingProblems.payment_unknown({ retry_after_s: 60, cause: error });
  });
  if (answer.outcome === 'declined') {
    await refuseOrder(ctx, order.id, attempt, { state: 'declined', code: answer.code, detail: answer.detail });
    throw declinedProblem(answer);
  }
  const charge = (await settleOrder(ctx, order.id, attempt, answer)) ?? (await findChargeOfAttempt(ctx.db, attempt.id));
  assert(charge, 'money that was taken is on record');
  return charge;
}

/** Tells what came of an attempt that was made with the same key and whose request was cut off. */
async function resume(ctx: Context, { id, state, decline_code, detail }: Attempt): Promise<Charge> {
  if (state === 'reserved') throw billingProblems.checkout_in_flight({ retry_after_s: 60 });
  if (state === 'declined')
    throw declinedProblem({ outcome: 'declined', code: decline_code ?? '', detail: detail ?? '' });
  const charge = await findChargeOfAttempt(ctx.db, id);
  assert(charge, 'a settled attempt has a charge');
  return charge;
}
