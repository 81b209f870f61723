import type { OrderId } from '#platform/db/db-schema';
import {
  abandonAttempt,
  type Attempt,
  awaitAction,
  type ChargeOutcome,
  findAttempt,
  findOutcome,
  isAccepted,
  type PaymentContext,
} from '#payments';
import { type Order, findGivenUpOrders, findOrder, findStaleOrders } from '../records/index.ts';
import { closeUnpaidOrder, settleOrder } from './settle-order.ts';

/** Younger orders belong to the request that made them. Longer than a processor may take to answer. */
const ABANDONED_AFTER_MS = 45_000;
/** Only after this long does "the processor never heard of it" mean that it never will. */
const GIVEN_UP_AFTER_MS = 120_000;
/** So long an order that was given up is looked at again, should the processor have been reached after all. */
const RECHECK_FOR_MS = 3_600_000;
const BATCH = 50;

export type FinishOutcome = 'closed' | 'settled' | 'refused' | 'waiting';

/** Finishes one order that a crash or a lost answer left open: asks the processor what became of the intent, and acts on that. */
export async function finishOrder(ctx: PaymentContext, order_id: OrderId): Promise<FinishOutcome> {
  const order = await findOrder(ctx.db, order_id);
  if (order?.state === 'given_up') return recheckGivenUpOrder(ctx, order);
  return order?.state === 'reserved' ? finishReserved(ctx, order) : 'closed';
}

/**
 * Finishes every order left open for long enough, in batches until none is left; returns how many were closed.
 * An order that fails is logged and does not delay the others.
 */
export async function finishOrders(ctx: PaymentContext): Promise<number> {
  const now_ms = ctx.clock.now().getTime();
  const abandoned = new Date(now_ms - ABANDONED_AFTER_MS);
  const given_up = new Date(now_ms - RECHECK_FOR_MS);
  const reserved_count = await finishAll(ctx, (after) => findStaleOrders(ctx.db, abandoned, { after, limit: BATCH }));
  const paid_count = await finishAll(ctx, (after) => findGivenUpOrders(ctx.db, given_up, { after, limit: BATCH }));
  return reserved_count + paid_count;
}

async function finishAll(ctx: PaymentContext, findBatch: (after: OrderId) => Promise<Order[]>): Promise<number> {
  let finished_count = 0;
  let after = 0 as OrderId; // ids start at 1
  for (;;) {
    const batch = await findBatch(after);
    for (const order of batch) {
      try {
        const outcome =
          order.state === 'reserved' ? await finishReserved(ctx, order) : await recheckGivenUpOrder(ctx, order);
        if (outcome === 'settled' || outcome === 'refused') finished_count += 1;
      } catch (error) {
        ctx.log.error({ err: error, order_id: order.id }, 'open order not finished');
      }
      after = order.id;
    }
    if (batch.length < BATCH) return finished_count;
  }
}

async function finishReserved(ctx: PaymentContext, order: Order): Promise<FinishOutcome> {
  const age_ms = ctx.clock.now().getTime() - order.created_at.getTime();
  if (age_ms < ABANDONED_AFTER_MS) return 'waiting';
  const attempt = await getAttempt(ctx, order);
  const answer = await findOutcome(ctx, attempt);
  if (answer === null) {
    if (age_ms < GIVEN_UP_AFTER_MS) return 'waiting';
    await closeUnpaidOrder(ctx, order.id, attempt, {
      state: 'failed',
      code: 'never_asked',
      detail: 'The processor was never asked.',
    });
    return 'refused';
  }
  if (answer.outcome !== 'action_required') return closeWith(ctx, order, attempt, answer);
  const expires_at = await awaitAction(ctx, attempt, answer);
  if (ctx.clock.now() < expires_at) return 'waiting';
  return closeWith(ctx, order, attempt, await abandonAttempt(ctx, attempt));
}

async function closeWith(
  ctx: PaymentContext,
  order: Order,
  attempt: Attempt,
  outcome: ChargeOutcome,
): Promise<FinishOutcome> {
  if (outcome.outcome === 'action_required') return 'waiting';
  if (outcome.outcome === 'declined') {
    await closeUnpaidOrder(ctx, order.id, attempt, { state: 'declined', code: outcome.code, detail: outcome.detail });
    return 'refused';
  }
  await settleOrder(ctx, order.id, attempt, outcome);
  return 'settled';
}

/** A late request may have reached the processor since the order was given up: its money then settles the order. */
async function recheckGivenUpOrder(ctx: PaymentContext, order: Order): Promise<FinishOutcome> {
  const attempt = await getAttempt(ctx, order);
  const found = await findOutcome(ctx, attempt);
  // The buyer must not pay an order that was given up.
  const outcome = found?.outcome === 'action_required' ? await abandonAttempt(ctx, attempt) : found;
  if (!isAccepted(outcome)) return 'closed';
  ctx.log.warn({ order_id: order.id }, 'an order that had been given up was paid for');
  return (await settleOrder(ctx, order.id, attempt, outcome)) === null ? 'closed' : 'settled';
}

async function getAttempt(ctx: PaymentContext, order: Order): Promise<Attempt> {
  const attempt = order.charge_attempt_id === null ? undefined : await findAttempt(ctx.db, order.charge_attempt_id);
  if (!attempt) throw new Error(`order ${order.id} was reserved without an intent to charge`);
  return attempt;
}
