import assert from 'node:assert/strict';
import { findPlansByIds } from '#catalog';
import { inTransaction, type Tx } from '#platform/db/database';
import type { CancellationId, SubscriptionId } from '#platform/db/db-schema';
import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import {
  bookHeldRefund,
  failHeldRefund,
  findHeldOutcome,
  findHeldRefunds,
  type HeldRefund,
  type HeldRefundOf,
  type PaymentContext,
  paymentsProblems,
  PROCESSOR_TIMEOUT_MS,
  type RefundOutcome,
  sendHeldRefund,
} from '#payments';
import {
  type EndingReason,
  findOpenPause,
  findSubscriptionsByIds,
  lockSubscriptions,
  lockSubscriptionSlots,
} from '#subscriptions';
import {
  closeCancellation,
  findCancelledSubscription,
  findOpenCancellations,
  findPendingPlan,
  findRefundIds,
  lockCancellation,
} from './cancellation-store.ts';
import { executeCancellation } from './execute-cancellation.ts';
import type { CancelledLine, CancelPlan } from './plan-cancellation.ts';
import type { CancelResult } from './request-cancellation.ts';

/** What was decided before the refunds were sent. Instants of the plan are ISO texts. */
interface StoredTerms {
  plan: StoredPlan;
  reason: EndingReason | null;
  comment: string | null;
  by_provider: boolean;
  result: CancelResult;
}

type StoredLine = Omit<CancelledLine, 'covers_from' | 'covers_to'> & { covers_from: string; covers_to: string };
type StoredPlan = Omit<CancelPlan, 'lines' | 'ends_at' | 'pause' | 'pending_plan_id'> & {
  ends_at: string;
  lines: readonly StoredLine[];
};

/** Reads a plan that was stored as JSON. A cancellation that is open keeps other operations away. */
async function revivePlan(tx: Tx, { ends_at, lines, ...plan }: StoredPlan, id: SubscriptionId): Promise<CancelPlan> {
  return {
    ...plan,
    ends_at: new Date(ends_at),
    lines: lines.map(({ covers_from, covers_to, ...line }) => {
      return { ...line, covers_from: new Date(covers_from), covers_to: new Date(covers_to) };
    }),
    pause: await findOpenPause(tx, id),
    pending_plan_id: await findPendingPlan(tx, id),
  };
}

/** Longer than a request that sends the refunds takes. */
const QUIET_MS = 6 * PROCESSOR_TIMEOUT_MS;

/**
 * Sends the refunds of a reserved cancellation, or looks up their outcomes, and executes the cancellation once all are
 * decided. Nothing is cancelled when the processor refuses all of them; what it refuses beside others becomes credit.
 * @throws refund_refused (400), processor_unreachable (503): the job `finish_cancellations` continues
 */
// long: the calls to the processor, then one transaction
export async function finishCancellation(
  ctx: PaymentContext,
  id: CancellationId,
  { is_retry }: { is_retry: boolean },
): Promise<CancelResult> {
  const held = await findHeldRefunds(ctx.db, await findRefundIds(ctx.db, id));
  const outcomes: { of: HeldRefundOf; outcome: RefundOutcome }[] = [];
  for (const of of held) {
    const found = is_retry ? await findHeldOutcome(ctx, of) : null;
    outcomes.push({ of, outcome: found ?? (await sendHeldRefund(ctx, of)) });
  }
  const is_open = outcomes.some(({ outcome }) => outcome.outcome === 'pending');
  const refusals = outcomes.flatMap(({ outcome }) => (outcome.outcome === 'refused' ? [outcome.detail] : []));
  const seen = await findSubscriptionOf(ctx, id);
  const closed = await inTransaction(ctx.db, async (tx) => {
    await lockSubscriptionSlots(tx, [seen]);
    await lockSubscriptions(tx, [seen.id]);
    const row = await lockCancellation(tx, id);
    if (!row) return null;
    const terms = row.terms as unknown as StoredTerms; // written by requestCancellation
    if (is_open) return { ...terms.result, state: 'pending' as const };
    const now = ctx.clock.now();
    const at = row.effective_at;
    if (refusals.length === outcomes.length) {
      for (const { of } of outcomes) await failHeldRefund(tx, of.refund, refusals[0] ?? '', now);
      await closeCancellation(tx, id, { state: 'refused' }, now);
      return null;
    }
    const subscription = (await findSubscriptionsByIds(tx, [row.subscription_id])).get(row.subscription_id);
    const plan = subscription && (await findPlansByIds(tx, [subscription.plan_id])).get(subscription.plan_id);
    assert(subscription && plan, 'a cancellation is about a subscription');
    const running = { subscription, plan };
    const planned = await revivePlan(tx, terms.plan, row.subscription_id);
    const refunds: HeldRefund[] = [];
    let final = planned;
    for (const { of, outcome } of outcomes) {
      if (outcome.outcome === 'refused') {
        await failHeldRefund(tx, of.refund, outcome.detail, now);
        final = withoutCharge(final, of.charge.id);
        continue;
      }
      const booked = await bookHeldRefund(tx, of.refund, at);
      if (booked) refunds.push(booked);
    }
    const { reason, comment, by_provider } = terms;
    await executeCancellation(tx, running, final, {
      key: row.key,
      at,
      reason,
      comment,
      created_by: row.created_by,
      by_provider,
      refunds,
    });
    const result = { ...terms.result, refund_amount: final.refund_amount, credit_amount: final.credit_amount };
    await closeCancellation(tx, id, { state: 'settled', result }, now);
    return result;
  });
  if (closed) return closed;
  throw paymentsProblems.refund_refused({ detail: refusals[0] ?? 'The refund was not made.' });
}

async function findSubscriptionOf(ctx: PaymentContext, id: CancellationId) {
  const subscription_id = await findCancelledSubscription(ctx.db, id);
  const found = (await findSubscriptionsByIds(ctx.db, [subscription_id])).get(subscription_id);
  assert(found, 'a cancellation is about a subscription');
  return found;
}

/** Turns what a charge would have paid back into credit. */
function withoutCharge(plan: CancelPlan, charge_id: number): CancelPlan {
  const lines = plan.lines.map((line) => {
    const lost = line.cards.reduce((sum, each) => sum + (each.charge_id === charge_id ? each.amount : 0), 0);
    const unused = Math.max(0, line.unused - lost);
    return {
      ...line,
      cards: line.cards.filter((each) => each.charge_id !== charge_id),
      unused,
      used: Math.max(0, line.used - Math.max(0, lost - line.unused)),
      credit: line.credit + line.unused - unused,
    };
  });
  const sum = (of: (line: (typeof lines)[number]) => number) => lines.reduce((total, line) => total + of(line), 0);
  const refund_amount = sum(({ unused, used }) => unused + used);
  return { ...plan, lines, refund_amount, credit_amount: sum(({ credit }) => credit) };
}

/** Finishes cancellations that a crash or a lost response left open. */
export async function finishCancellations(ctx: PaymentContext, place?: WalkPlace<CancellationId>): Promise<void> {
  const before = new Date(ctx.clock.now().getTime() - QUIET_MS);
  await walkRows(
    {
      findBatch: (after: CancellationId | null, limit) => findOpenCancellations(ctx.db, before, { after, limit }),
      work: async ({ id }) => {
        await finishCancellation(ctx, id, { is_retry: true });
      },
      onError: ({ id }, error) => ctx.log.error({ err: error, cancellation_id: id }, 'cancellation not finished'),
    },
    place,
  );
}
