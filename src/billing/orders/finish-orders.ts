import type { OrderId } from '#platform/db/db-schema';
import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import {
  abandonAttempt,
  type ActionRequiredOutcome,
  type AcceptedOutcome,
  type Attempt,
  awaitAction,
  type ChargeOutcome,
  endGivenUp,
  findAttempt,
  findOutcome,
  isAccepted,
  type PaymentContext,
  reservedAt,
  returnPayment,
} from '#payments';
import {
  type Order,
  findGivenUpOrders,
  findHoldingOrders,
  findOrderOfAttempt,
  findStaleOrders,
} from '../records/index.ts';
import {
  type BalancePaid,
  closeUnpaidOrder,
  declinedReason,
  releaseHolding,
  settleOrder,
  type UnpaidReason,
} from './settle-order.ts';

/**
 * Minimum age of an order that the job finishes: younger ones belong to a running request. Exceeds
 * PROCESSOR_TIMEOUT_MS.
 */
const ABANDONED_AFTER_MS = 45_000;
/** Minimum age at which a charge that the processor does not have counts as never sent. */
const GIVEN_UP_AFTER_MS = 120_000;
/** How long an order waits for the job `charge_again` after the instant at which its call was to be made. */
const AGAIN_WITHIN_MS = 600_000;
/** Time after which a given-up order is no longer checked for a late payment. */
const RECHECK_FOR_MS = 3_600_000;

/** How long a run may start further orders of each kind; the job runs every minute. */
const RUN_MS = 60_000;

/** Where the next run continues, by kind of order. */
interface FinishPlaces {
  reserved: WalkPlace<OrderId>;
  given_up: WalkPlace<OrderId>;
}

export type FinishOutcome = 'closed' | 'settled' | 'refused' | 'waiting';

/** How an order is finished that an operation of another sub-room made. */
export interface OrderFinish {
  settle(attempt: Attempt, outcome: AcceptedOutcome): Promise<FinishOutcome>;
  close(attempt: Attempt, reason: UnpaidReason): Promise<void>;
  /** For an order that was given up: looks for its payment. */
  recheck(attempt: Attempt): Promise<FinishOutcome>;
}

/** Finds how to finish an order; null for an order of a checkout. */
export type FindFinish = (ctx: PaymentContext, order_id: OrderId) => Promise<OrderFinish | null>;

/** What other sub-rooms do when orders are finished. */
export interface Finishing {
  findFinish?: FindFinish;
  balancePaid?: BalancePaid;
}

/**
 * Looks up the charge of every abandoned order at the processor and settles or closes the order. Also settles given-up
 * orders whose payment appeared later. Works in batches by id; returns the number of orders settled or closed.
 *
 * `findFinish` finds the orders that operations of other sub-rooms made; `balancePaid` is that of `settleOrder`.
 *
 * An error is logged and does not stop the other orders. A run ends after RUN_MS for each kind, and the next one
 * continues at `places`.
 */
export async function finishOrders(
  ctx: PaymentContext,
  places: FinishPlaces = { reserved: { after: null }, given_up: { after: null } },
  { findFinish = async () => null, balancePaid }: Finishing = {},
): Promise<number> {
  const finishing = { findFinish, balancePaid };
  const now_ms = ctx.clock.now().getTime();
  const abandoned = new Date(now_ms - ABANDONED_AFTER_MS);
  const given_up = new Date(now_ms - RECHECK_FOR_MS);
  const reserved_count = await finishAll(ctx, places.reserved, finishing, (after, limit) =>
    findStaleOrders(ctx.db, abandoned, { after, limit }),
  );
  const paid_count = await finishAll(ctx, places.given_up, finishing, (after, limit) =>
    findGivenUpOrders(ctx.db, given_up, { after, limit }),
  );
  await releaseHoldings(ctx, given_up);
  return reserved_count + paid_count;
}

/** Ends the holdings of the orders given up before an instant: their payment is no longer looked up. */
async function releaseHoldings(ctx: PaymentContext, before: Date): Promise<void> {
  await walkRows(
    {
      findBatch: (after: OrderId | null, limit) =>
        findHoldingOrders(ctx.db, before, { after: after ?? (0 as OrderId), limit }), // ids start at 1
      work: (order) => releaseHolding(ctx, order),
      onError: ({ id }, error) => ctx.log.error({ err: error, order_id: id }, 'given-up order not released'),
    },
    { after: null },
    RUN_MS,
  );
}

async function finishAll(
  ctx: PaymentContext,
  place: WalkPlace<OrderId>,
  { findFinish, balancePaid }: { findFinish: FindFinish; balancePaid: BalancePaid | undefined },
  findBatch: (after: OrderId, limit: number) => Promise<Order[]>,
): Promise<number> {
  let finished_count = 0;
  await walkRows(
    {
      findBatch: (after, limit) => findBatch(after ?? (0 as OrderId), limit), // ids start at 1
      async work(order) {
        const finish = (await findFinish(ctx, order.id)) ?? finishCheckout(ctx, order, balancePaid);
        const outcome =
          order.state === 'reserved'
            ? await finishReserved(ctx, order, finish)
            : await finish.recheck(await getAttempt(ctx, order));
        if (outcome === 'settled' || outcome === 'refused') finished_count += 1;
      },
      onError: ({ id }, error) => ctx.log.error({ err: error, order_id: id }, 'open order not finished'),
    },
    place,
    RUN_MS,
  );
  return finished_count;
}

/** How the order of a checkout is finished. */
function finishCheckout(ctx: PaymentContext, order: Order, balancePaid: BalancePaid | undefined): OrderFinish {
  return {
    async settle(attempt, outcome) {
      await settleOrder(ctx, order.id, attempt, outcome, { balancePaid });
      return 'settled';
    },
    close: (attempt, reason) => closeUnpaidOrder(ctx, order.id, attempt, reason),
    recheck: (attempt) => recheckGivenUpOrder(ctx, order, attempt, balancePaid),
  };
}

async function finishReserved(ctx: PaymentContext, order: Order, finish: OrderFinish): Promise<FinishOutcome> {
  const attempt = await getAttempt(ctx, order);
  const age_ms = ctx.clock.now().getTime() - reservedAt(attempt).getTime();
  if (age_ms < ABANDONED_AFTER_MS) return 'waiting';
  if (isMadeAgain(attempt, ctx.clock.now())) return 'waiting';
  const outcome = await findOutcome(ctx, attempt);
  if (outcome === null) {
    if (age_ms < GIVEN_UP_AFTER_MS) return 'waiting';
    await finish.close(attempt, {
      state: 'failed',
      code: 'never_asked',
      detail: 'The processor never received the charge.',
    });
    return 'refused';
  }
  if (outcome.outcome !== 'action_required') return closeWith(ctx, finish, attempt, outcome);
  const expires_at = await awaitAction(ctx, attempt, outcome);
  if (ctx.clock.now() < expires_at) return 'waiting';
  return closeWith(ctx, finish, attempt, await abandonAttempt(ctx, attempt));
}

/**
 * True if a job makes the call of an attempt again: the processor takes no more calls for now. False some minutes after
 * the instant of the call: the processor keeps a key for a day only, and a first call may have arrived.
 */
export function isMadeAgain({ again_at }: Pick<Attempt, 'again_at'>, now: Date): boolean {
  return again_at !== null && now.getTime() < again_at.getTime() + AGAIN_WITHIN_MS;
}

/**
 * Ends an attempt that waits for its payer, who wants to pay in another way, and closes its order. A payment that was
 * confirmed in the meantime is settled.
 * @throws processor_unreachable (503)
 */
export async function abandonAwaitingOrder(
  ctx: PaymentContext,
  attempt: Attempt,
  { findFinish = async () => null, balancePaid }: Finishing,
): Promise<void> {
  const order = await findOrderOfAttempt(ctx.db, attempt.id);
  if (order?.state !== 'reserved') return;
  const finish = (await findFinish(ctx, order.id)) ?? finishCheckout(ctx, order, balancePaid);
  await closeWith(ctx, finish, attempt, await abandonAttempt(ctx, attempt));
}

/**
 * Finishes the order of an attempt that waits for its payer, now. Returns the action that the payer still owes; null
 * if the order is finished.
 * @throws processor_unreachable (503)
 */
export async function finishAwaitingOrder(
  ctx: PaymentContext,
  attempt: Attempt,
  { findFinish = async () => null, balancePaid }: Finishing,
): Promise<ActionRequiredOutcome | null> {
  const order = await findOrderOfAttempt(ctx.db, attempt.id);
  if (order?.state !== 'reserved') return null;
  const outcome = await findOutcome(ctx, attempt);
  if (outcome === null) throw new Error(`attempt ${attempt.id} waits, but its processor does not know it`);
  if (outcome.outcome === 'action_required') return outcome;
  const finish = (await findFinish(ctx, order.id)) ?? finishCheckout(ctx, order, balancePaid);
  await closeWith(ctx, finish, attempt, outcome);
  return null;
}

async function closeWith(
  ctx: PaymentContext,
  finish: OrderFinish,
  attempt: Attempt,
  outcome: ChargeOutcome,
): Promise<FinishOutcome> {
  if (outcome.outcome === 'action_required') return 'waiting';
  if (outcome.outcome === 'declined') {
    await finish.close(attempt, declinedReason(outcome));
    if (outcome.taken) await returnPayment(ctx, attempt.processor, outcome.taken, attempt.profile_id);
    return 'refused';
  }
  return finish.settle(attempt, outcome);
}

/** Settles a given-up order if a late request reached the processor after the order was given up. */
async function recheckGivenUpOrder(
  ctx: PaymentContext,
  order: Order,
  attempt: Attempt,
  balancePaid: BalancePaid | undefined,
): Promise<FinishOutcome> {
  const outcome = await endGivenUp(ctx, attempt);
  if (!isAccepted(outcome)) return 'closed';
  ctx.log.warn({ order_id: order.id }, 'given-up order paid');
  return (await settleOrder(ctx, order.id, attempt, outcome, { balancePaid })) === null ? 'closed' : 'settled';
}

async function getAttempt(ctx: PaymentContext, order: Order): Promise<Attempt> {
  const attempt = order.charge_attempt_id === null ? undefined : await findAttempt(ctx.db, order.charge_attempt_id);
  if (!attempt) throw new Error(`order ${order.id} has no charge attempt`);
  return attempt;
}
