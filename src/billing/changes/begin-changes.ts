import assert from 'node:assert/strict';
import { findPlansByIds, type Plan, priceOptions } from '#catalog';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { SubscriptionId } from '#platform/db/db-schema';
import { walkRows } from '#platform/jobs/walk-rows';
import { lockProfile } from '#profiles';
import {
  createSubscription,
  findSubscriptionsByIds,
  lockSubscriptions,
  lockSubscriptionSlots,
  recordEndings,
  type Subscription,
  updateSubscription,
} from '#subscriptions';
import type { ChangeFacts, OrderedLine } from '../change-rules/index.ts';
import { heldCredit, lockOpenLots, planUses, sumUsesByRank } from '../credits/index.ts';
import { bookOrder, loadBooking } from '../orders/index.ts';
import { insertOrder } from '../records/index.ts';
import { orderedLine } from './change-lines.ts';
import {
  deletePendingChange,
  findDueChanges,
  lockPendingChange,
  type PendingChange,
  updatePendingOrder,
} from './pending-change-store.ts';

/** How long before its effect the first period of a planned change is ordered, like a renewal. */
const LEAD_MS = 86_400_000;

/**
 * Orders the first period of planned changes that take effect within 24 hours, in the place of a renewal. The card is
 * charged by the renewals, which charge what is due. Safe twice and on two nodes: each change is locked, and the order
 * is recorded on it.
 */
export async function beginChanges(ctx: Context): Promise<void> {
  const until = new Date(ctx.clock.now().getTime() + LEAD_MS);
  await walkRows({
    findBatch: async (after: SubscriptionId | null, limit) =>
      (await findDueChanges(ctx.db, until, { after: after ?? (0 as SubscriptionId), limit })).map((pending) => ({
        ...pending,
        id: pending.subscription_id,
      })),
    work: ({ id }) => beginChange(ctx, id, until),
    onError: ({ id }, error) => ctx.log.error({ err: error, subscription_id: id }, 'planned change not ordered'),
  });
}

/** Locks: the subscriber's profile, its places for both plans, the subscription, the lots. */
async function beginChange(ctx: Context, id: SubscriptionId, until: Date): Promise<void> {
  const found = (await findSubscriptionsByIds(ctx.db, [id])).get(id);
  if (!found) return;
  await inTransaction(ctx.db, async (tx) => {
    const payer = await lockProfile(tx, found.profile_id);
    const planned = await lockPendingChange(tx, id);
    if (!planned || planned.order_id !== null || planned.effective_at > until) return;
    await lockSubscriptionSlots(
      tx,
      [found.plan_id, planned.plan_id].map((plan_id) => ({ profile_id: payer.id, plan_id })),
    );
    await lockSubscriptions(tx, [id]);
    const old = (await findSubscriptionsByIds(tx, [id])).get(id);
    const plans = await findPlansByIds(tx, [found.plan_id, planned.plan_id]);
    const [from, to] = [plans.get(found.plan_id), plans.get(planned.plan_id)];
    if (!old || !from || !to) return;
    if (!payer.is_active || isCancelled(planned, old, to)) {
      await deletePendingChange(tx, id);
      return;
    }
    // A subscription whose end moved waits for its new end.
    if (old.paused_at !== null || old.suspended_at !== null || old.ends_at > until) return;
    await orderFirstPeriod(ctx, tx, { planned, old, from, to });
  });
}

/**
 * True if the subscription was cancelled or ended after the change was planned: nothing may be ordered then. A change
 * to a plan that does not renew turns the renewal off when it is planned; then only the end shows it. Pure.
 */
function isCancelled(
  planned: Pick<PendingChange, 'effective_at'>,
  old: Pick<Subscription, 'auto_renew' | 'ends_at'>,
  to: Pick<Plan, 'renewal_type'>,
): boolean {
  return !old.auto_renew && (to.renewal_type === 'auto-renew' || old.ends_at < planned.effective_at);
}

interface Begun {
  planned: PendingChange;
  old: Subscription;
  from: Plan;
  to: Plan;
}

// long: the facts of both lines, in the order of the columns
async function orderFirstPeriod(ctx: Context, tx: Tx, { planned, old, from, to }: Begun): Promise<void> {
  const at = new Date(Math.floor(ctx.clock.now().getTime() / 1000) * 1000);
  const begins_at = old.ends_at;
  const is_kept =
    from.period_type === to.period_type && from.period_length === to.period_length && planned.option === 1;
  const anchor_at = is_kept ? old.anchor_at : begins_at;
  const priced = { ...to, period_amount: to.period_amount * planned.quantity };
  const options = priceOptions(priced, { coupon: null, from: begins_at, anchor: anchor_at });
  const option = options[planned.option - 1] ?? options[0];
  assert(option, 'a plan has a price for one period');
  const row = { anchor_at, ends_at: option.covers_to };
  const subscription =
    from.id === to.id
      ? await updateSubscription(tx, old.id, { ends_at: row.ends_at })
      : await enter(tx, { planned, old, to, row, begins_at, at });
  const base = { unit: planned.unit, order_number: null, coupon_id: null, is_trial: false } as const;
  const ordered: OrderedLine[] = [
    {
      ...base,
      kind: 'period',
      description: `Subscription to ${to.slug} until ${row.ends_at.toISOString().slice(0, 10).replaceAll('-', '/')}`,
      amount: planned.amount,
      covers_from: begins_at,
      covers_to: row.ends_at,
      full_amount: Math.max(option.full_amount, planned.amount),
      recurring_amount: planned.amount,
      recurring_periods: option.periods_count,
      quantity: planned.quantity,
      anchor_at,
    },
  ];
  if (planned.setup_amount > 0)
    ordered.push({
      ...base,
      kind: 'setup',
      description: `Setup fee for ${to.slug}`,
      amount: planned.setup_amount,
      covers_from: null,
      covers_to: null,
      full_amount: planned.setup_amount,
      recurring_amount: null,
      recurring_periods: null,
      quantity: 1,
      anchor_at: null,
    });
  const facts: Pick<ChangeFacts, 'subscription' | 'from' | 'to'> = { subscription: old, from, to };
  const lines = ordered.map((line, rank) => ({ ...orderedLine(facts, line), rank }));
  const lots = await lockOpenLots(tx, old.profile_id);
  const uses = planUses(lots, lines);
  const used = sumUsesByRank(uses);
  const placed = await insertOrder(
    tx,
    {
      profile_id: old.profile_id,
      created_by: planned.created_by,
      cart_version: 'change',
      amount: planned.amount + planned.setup_amount,
      unit: planned.unit,
      attempt: null,
    },
    lines.map((line) => ({ ...line, credit_used: used.get(line.rank) ?? 0 })),
    at,
    heldCredit(uses, at),
  );
  await updatePendingOrder(tx, old.id, placed.order.id);
  const event = { key: `change:${old.id}:${begins_at.getTime()}`, kind: 'change' };
  const operation = { event, entries: [], noted: null, subscription };
  const { order } = placed;
  await bookOrder(
    ctx,
    tx,
    { order, lines: placed.lines, payment: null, operation, is_automatic: true, at },
    await loadBooking(tx, order),
  );
}

/** Inserts the row of the plan entered, from the end of the old one on. */
async function enter(
  tx: Tx,
  {
    planned,
    old,
    to,
    row,
    begins_at,
    at,
  }: Omit<Begun, 'from'> & { row: { anchor_at: Date; ends_at: Date }; begins_at: Date; at: Date },
): Promise<Subscription> {
  await updateSubscription(tx, old.id, { auto_renew: false });
  const ending = { subscription_id: old.id, kind: 'changed', reason: null, comment: null } as const;
  await recordEndings(tx, [{ ...ending, ends_at: begins_at, created_by: planned.created_by, created_at: at }]);
  return createSubscription(tx, to, {
    profile_id: old.profile_id,
    created_at: begins_at,
    ...row,
    auto_renew: to.renewal_type === 'auto-renew',
    description: old.description,
    extra: old.extra,
    replaces_id: old.id,
    quantity: planned.quantity,
  });
}
