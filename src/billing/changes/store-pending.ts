import assert from 'node:assert/strict';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { deleteEnding, updateSubscription } from '#subscriptions';
import type { PlannedChange } from '../change-rules/index.ts';
import { changeFactsOf } from './change-events.ts';
import { changePending } from './events.ts';
import type { LoadedChange } from './load-change.ts';
import { upsertPendingChange } from './pending-change-store.ts';

/** Stores a change for the end of the period, with its promised price. */
export async function storePending(
  ctx: Context,
  tx: Tx,
  { facts }: LoadedChange,
  planned: PlannedChange,
  { option, by }: { option: number; by: UserId | null },
): Promise<void> {
  const { subscription, from, to } = facts;
  assert(planned.promised, 'a change at the end of the period promises a price');
  const at = ctx.clock.now();
  await upsertPendingChange(tx, {
    subscription_id: subscription.id,
    plan_id: to.id,
    option,
    quantity: planned.quantity.to,
    ...planned.promised,
    unit: to.unit,
    effective_at: planned.effective_at,
    order_id: null,
    created_by: by,
    created_at: at,
  });
  const { auto_renew } = planned.terms;
  if (planned.withdraws_cancellation) await deleteEnding(tx, subscription.id);
  await updateSubscription(tx, subscription.id, { auto_renew, ...(auto_renew ? { cancelled_at: null } : {}) });
  const { amount, setup_amount } = planned.promised;
  await emit(
    tx,
    changePending({
      ...changeFactsOf({ from, to, quantity: planned.quantity }, subscription, by),
      effective_at: planned.effective_at.toISOString(),
      amount: amount + setup_amount,
    }),
    at,
  );
}
