import type { OrderId } from '#platform/db/db-schema';
import {
  abandonAttempt,
  type AcceptedOutcome,
  type Attempt,
  type ChargeOutcome,
  isAccepted,
  isUndecided,
  type PaymentContext,
} from '#payments';
import type { OrderFinish } from '../orders/index.ts';
import { type ChangeRow, findChangeOfOrder } from './change-store.ts';
import { closeUnpaidChange } from './request-change.ts';
import { settleChange } from './execute-change.ts';

/** Time after which a change whose payment is not decided is given up. */
const GIVEN_UP_AFTER_MS = 86_400_000;

/**
 * Returns how `finish_orders` finishes the order of a change; null for an order that no change made. A payment that is
 * not decided leaves the change open for 24 hours; one that arrives after that is refunded.
 */
export async function finishChange(ctx: PaymentContext, order_id: OrderId): Promise<OrderFinish | null> {
  const change = await findChangeOfOrder(ctx.db, order_id);
  if (!change) return null;
  return {
    settle: (attempt, outcome) => settleOrWait(ctx, change, attempt, outcome),
    close: (attempt, reason) => closeUnpaidChange(ctx, change, attempt, reason),
    // A change that was given up is never executed: `return_change_payments` returns its payment.
    recheck: async () => 'closed',
  };
}

async function settleOrWait(
  ctx: PaymentContext,
  change: ChangeRow,
  attempt: Attempt,
  outcome: AcceptedOutcome,
): Promise<'settled' | 'refused' | 'waiting'> {
  const { evidence } = outcome;
  if (evidence.state === 'failed') {
    await closeUnpaidChange(ctx, change, attempt, {
      state: 'declined',
      code: 'payment_failed',
      kind: 'retry',
      detail: evidence.detail,
    });
    return 'refused';
  }
  if (!isUndecided(evidence)) {
    await settleChange(ctx, change, attempt, outcome);
    return 'settled';
  }
  if (ctx.clock.now().getTime() - change.created_at.getTime() < GIVEN_UP_AFTER_MS) return 'waiting';
  const ended: ChargeOutcome = await abandonAttempt(ctx, attempt);
  if (isAccepted(ended) && !isUndecided(ended.evidence) && ended.evidence.state !== 'failed') {
    await settleChange(ctx, change, attempt, ended);
    return 'settled';
  }
  await closeUnpaidChange(ctx, change, attempt, {
    state: 'failed',
    code: 'given_up',
    detail: 'The payment was not decided within a day.',
  });
  return 'refused';
}
