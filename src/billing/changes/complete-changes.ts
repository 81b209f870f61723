import { findPlansByIds } from '#catalog';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import type { SubscriptionId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { walkRows } from '#platform/jobs/walk-rows';
import { findSubscriptionsByIds, lockSubscriptions, updateSubscription } from '#subscriptions';
import { changeApproaching } from './events.ts';
import { changeFactsOf } from './change-events.ts';
import {
  deletePendingChange,
  findApproachingChanges,
  findEffectiveChanges,
  insertSentNotice,
  lockPendingChange,
  type PendingChange,
} from './pending-change-store.ts';

const DAY_MS = 86_400_000;
/** How long before its effect a planned change is noticed. */
const NOTICE_DAYS = 7;

/** A pending change as a walk names it. */
const asRow = (pending: PendingChange) => ({ ...pending, id: pending.subscription_id });

/**
 * Ends planned changes whose order was written and that took effect: the quantity of the subscription is set, and the
 * row of the plan that was left needs no plan any more. Safe twice and on two nodes, because each row is locked.
 */
export async function completeChanges(ctx: Context): Promise<void> {
  const at = ctx.clock.now();
  await walkRows({
    findBatch: async (after: SubscriptionId | null, limit) =>
      (await findEffectiveChanges(ctx.db, at, { after: after ?? (0 as SubscriptionId), limit })).map(asRow),
    work: ({ id }) => completeChange(ctx, id, at),
    onError: ({ id }, error) => ctx.log.error({ err: error, subscription_id: id }, 'planned change not completed'),
  });
}

async function completeChange(ctx: Context, id: SubscriptionId, at: Date): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await lockSubscriptions(tx, [id]);
    const pending = await lockPendingChange(tx, id);
    if (!pending || pending.order_id === null || pending.effective_at > at) return;
    const subscription = (await findSubscriptionsByIds(tx, [id])).get(id);
    if (subscription?.plan_id === pending.plan_id) await updateSubscription(tx, id, { quantity: pending.quantity });
    await deletePendingChange(tx, id);
  });
}

/** Emits the notice of planned changes that take effect in seven days; once per change and instant. */
export async function noticeChanges(ctx: Context): Promise<void> {
  const at = ctx.clock.now();
  const span = { since: at, until: new Date(at.getTime() + NOTICE_DAYS * DAY_MS) };
  await walkRows({
    findBatch: async (after: SubscriptionId | null, limit) =>
      (await findApproachingChanges(ctx.db, span, { after: after ?? (0 as SubscriptionId), limit })).map(asRow),
    work: (pending) => noticeChange(ctx, pending, at),
    onError: ({ id }, error) => ctx.log.error({ err: error, subscription_id: id }, 'planned change not noticed'),
  });
}

async function noticeChange(ctx: Context, pending: PendingChange, at: Date): Promise<void> {
  // A change that was planned within the seven days was noticed when it was planned.
  if (pending.effective_at.getTime() - pending.created_at.getTime() <= NOTICE_DAYS * DAY_MS) return;
  await inTransaction(ctx.db, async (tx) => {
    const occurrence = `${pending.plan_id}:${pending.effective_at.toISOString()}`;
    if (!(await insertSentNotice(tx, 'change_approaching', pending.subscription_id, occurrence, at))) return;
    const subscription = (await findSubscriptionsByIds(tx, [pending.subscription_id])).get(pending.subscription_id);
    if (!subscription) return;
    const plans = await findPlansByIds(tx, [subscription.plan_id, pending.plan_id]);
    const [from, to] = [plans.get(subscription.plan_id), plans.get(pending.plan_id)];
    if (!from || !to) return;
    const quantity = { from: subscription.quantity, to: pending.quantity };
    await emit(
      tx,
      changeApproaching({
        ...changeFactsOf({ from, to, quantity }, subscription, pending.created_by),
        effective_at: pending.effective_at.toISOString(),
        amount: pending.amount + pending.setup_amount,
      }),
      at,
    );
  });
}
