import { findCouponsByIds, findPlansByIds, type Plan, planSummary } from '#catalog';
import { inTransaction, type Tx } from '#platform/db/database';
import type { SubscriptionId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { lockPaymentMethod } from '#payments';
import { findProfileById, lockProfile } from '#profiles';
import {
  findSubscriptionsByIds,
  lockEndedTrial,
  lockSubscriptionSlots,
  recordEndings,
  type Subscription,
  updateSubscription,
} from '#subscriptions';
import { heldCredit, lockOpenLots, planUses, sumUsesByRank } from '../credits/index.ts';
import { collectDue, type DuePlace, type DunningContext, isPaying } from '../dunning/index.ts';
import { bookOrder, loadBooking } from '../orders/index.ts';
import { isParked } from '../parked/index.ts';
import { insertOrder } from '../records/index.ts';
import { type Conversion, planConversion } from './conversion.ts';
import { trialEnded } from './events.ts';
import { findTrialLines, isChanging } from './trial-line-store.ts';

/** What the end of a trial leads to. */
interface Converted {
  place: DuePlace;
  plan: Plan;
  at: Date;
}

const DAY_MS = 86_400_000;

export interface ConversionRun {
  now: Date;
  /** Days after its end for which a trial is still converted, as a subscription is still renewed. */
  lapse_days: number;
}

/**
 * Converts a trial that ended: orders the first period and charges it. Ends the subscription if no card is on file, or
 * if the trial ended too long ago to charge for the time since then.
 *
 * Every row has the instant of the end, whenever the job runs. A charge that another payment of the payer postpones,
 * or that a crash prevents, is made by the renewals. No effect on a trial that was converted, cancelled or changed.
 *
 * Locks: the payer's profile, the slot, the subscription, the card on file, the lots of credit. The unique index
 * order_lines_renewal refuses a second conversion.
 */
export async function convertTrial(
  ctx: DunningContext,
  id: SubscriptionId,
  { now, lapse_days }: ConversionRun,
): Promise<void> {
  const found = (await findSubscriptionsByIds(ctx.db, [id])).get(id);
  if (!found) return;
  const converted = await inTransaction(ctx.db, async (tx): Promise<Converted | null> => {
    const payer = await lockProfile(tx, found.profile_id);
    await lockSubscriptionSlots(tx, [found]);
    const subscription = await lockEndedTrial(tx, id, now);
    if (!subscription || (await isChanging(tx, id))) return null;
    if ((await isPaying(tx, payer.id)) || (await isParked(tx, payer.id, 'renew_subscriptions'))) return null;
    const plan = (await findPlansByIds(tx, [subscription.plan_id])).get(subscription.plan_id);
    const trial = (await findTrialLines(tx, [id])).get(id);
    if (!plan || !trial) throw new Error('a trial has a plan and an order line');
    const provider = await findProfileById(tx, plan.profile_id);
    const card = await lockPaymentMethod(tx, payer.id);
    const at = subscription.ends_at;
    const has_lapsed = at.getTime() < now.getTime() - lapse_days * DAY_MS;
    if (!card || has_lapsed || !payer.is_active || provider?.is_active !== true) {
      await endTrial(tx, subscription, plan, at);
      return null;
    }
    const { coupon_id } = trial;
    const coupons = await findCouponsByIds(tx, coupon_id === null ? [] : [coupon_id]);
    const coupon = (coupon_id !== null && coupons.get(coupon_id)) || null;
    await orderFirstPeriod(ctx, tx, subscription, planConversion({ subscription, plan, trial, coupon, at }), at);
    return { place: { profile_id: payer.id, provider_id: plan.profile_id, unit: plan.unit }, plan, at };
  });
  if (converted) await charge(ctx, id, converted);
}

/** Ends a subscription that cannot be charged after its trial: without an order and without a debt. */
async function endTrial(tx: Tx, subscription: Subscription, plan: Plan, at: Date): Promise<void> {
  const { id, profile_id, plan_id } = subscription;
  await updateSubscription(tx, id, { auto_renew: false });
  await recordEndings(tx, [{ subscription_id: id, kind: 'trial', ends_at: at, created_at: at }]);
  const facts = { subscription_id: id, profile_id, provider_id: plan.profile_id, plan_id, plan: planSummary(plan) };
  await emit(tx, trialEnded({ ...facts, ends_at: at.toISOString() }), at);
}

/** Orders the first period, paid by credit as far as there is any, and extends the subscription. Commits. */
async function orderFirstPeriod(
  ctx: DunningContext,
  tx: Tx,
  { id, profile_id }: Subscription,
  { lines, amount, ends_at }: Conversion,
  at: Date,
): Promise<void> {
  const subscription = await updateSubscription(tx, id, { ends_at });
  const uses = planUses(await lockOpenLots(tx, profile_id), lines);
  const used = sumUsesByRank(uses);
  const { unit = 'usd' } = lines[0] ?? {};
  const { order, lines: ordered } = await insertOrder(
    tx,
    { profile_id, created_by: null, cart_version: 'conversion', amount, unit, attempt: null },
    lines.map((line) => ({ ...line, credit_used: used.get(line.rank) ?? 0 })),
    at,
    heldCredit(uses, at),
  );
  const event = { key: `conversion:${id}:${at.getTime()}`, kind: 'conversion' };
  const operation = { event, entries: [], noted: null, subscription };
  const settlement = { order, lines: ordered, payment: null, operation, is_automatic: true, at };
  await bookOrder(ctx, tx, settlement, await loadBooking(tx, order));
}

/** Charges the first period. A plan that does not renew by itself stops renewing once it is paid. */
async function charge(ctx: DunningContext, id: SubscriptionId, { place, plan, at }: Converted): Promise<void> {
  const { result } = await collectDue(ctx, place, { trigger: 'renewal', at });
  if (plan.renewal_type === 'auto-renew' || (result !== 'charged' && result !== 'nothing')) return;
  await inTransaction(ctx.db, (tx) => updateSubscription(tx, id, { auto_renew: false }));
}
