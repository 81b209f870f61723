import { findPlansByIds } from '#catalog';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { PauseId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { walkRows } from '#platform/jobs/walk-rows';
import {
  findDuePauses,
  findDueResumptions,
  findOpenPause,
  findSubscriptionsByIds,
  lockSubscriptions,
  lockSubscriptionSlots,
  type Pause,
  type Subscription,
  updatePause,
} from '#subscriptions';
import { recordNotice } from '../records/index.ts';
import { pauseFacts, subscriptionPaused, subscriptionResumed, subscriptionResumesSoon } from './events.ts';
import { freezeSubscription, thawSubscription } from './freeze.ts';

const NOTICE_MS = 3 * 86_400_000;

/**
 * Begins planned pauses, resumes paused subscriptions, and announces resumptions three days before, all at their own
 * instants, whenever the job runs. Each subscription in a transaction of its own; a second run finds nothing to do.
 */
export async function runPauses(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  const soon = new Date(now.getTime() + NOTICE_MS);
  await walk(ctx, (after, limit) => findDueResumptions(ctx.db, soon, { after, limit }), announce);
  await walk(ctx, (after, limit) => findDueResumptions(ctx.db, now, { after, limit }), resume);
  await walk(ctx, (after, limit) => findDuePauses(ctx.db, now, { after, limit }), begin);
}

type Step = (tx: Tx, subscription: Subscription, pause: Pause, now: Date) => Promise<void>;

async function walk(
  ctx: Context,
  findBatch: (after: PauseId | null, limit: number) => Promise<Pause[]>,
  step: Step,
): Promise<void> {
  await walkRows<PauseId, Pause>({
    findBatch,
    work: (found) =>
      inTransaction(ctx.db, async (tx) => {
        const subscription = await lockOf(tx, found);
        const pause = subscription && (await findOpenPause(tx, subscription.id));
        if (subscription && pause?.id === found.id && pause.state === found.state)
          await step(tx, subscription, pause, ctx.clock.now());
      }),
    onError: ({ id }, error) => ctx.log.error({ err: error, pause_id: id }, 'pause not processed'),
  });
}

async function lockOf(tx: Tx, { subscription_id }: Pause): Promise<Subscription | undefined> {
  const seen = (await findSubscriptionsByIds(tx, [subscription_id])).get(subscription_id);
  if (!seen) return undefined;
  await lockSubscriptionSlots(tx, [seen]);
  await lockSubscriptions(tx, [subscription_id]);
  return (await findSubscriptionsByIds(tx, [subscription_id])).get(subscription_id);
}

async function planOf(tx: Tx, { plan_id }: Subscription) {
  const plan = (await findPlansByIds(tx, [plan_id])).get(plan_id);
  if (!plan) throw new Error(`plan ${plan_id} of a subscription exists`);
  return plan;
}

async function announce(tx: Tx, subscription: Subscription, { id, resumes_at }: Pause, now: Date): Promise<void> {
  if (resumes_at === null || resumes_at <= now || subscription.ends_at < resumes_at) return;
  const notice = { kind: 'subscription_resumes_soon', subject_id: id, occurrence: resumes_at.toISOString() };
  if (!(await recordNotice(tx, notice, now))) return;
  const facts = pauseFacts(subscription, await planOf(tx, subscription), { resumes_at, originated_by: null });
  await emit(tx, subscriptionResumesSoon(facts), now);
}

async function resume(tx: Tx, subscription: Subscription, pause: Pause): Promise<void> {
  const { resumes_at } = pause;
  if (resumes_at === null) return;
  const plan = await planOf(tx, subscription);
  const resumed = await thawSubscription(tx, subscription, plan, { pause, listed_until: resumes_at, at: resumes_at });
  if (resumed)
    await emit(tx, subscriptionResumed(pauseFacts(resumed, plan, { resumes_at, originated_by: null })), resumes_at);
}

/** Begins a planned pause at the end of what is paid, which later orders may have moved; it keeps its length. */
async function begin(tx: Tx, subscription: Subscription, pause: Pause, now: Date): Promise<void> {
  const at = subscription.ends_at;
  if (pause.resumes_at === null) return;
  if (!subscription.auto_renew) {
    await updatePause(tx, pause.id, { state: 'withdrawn' });
    return;
  }
  const resumes_at = new Date(pause.resumes_at.getTime() + at.getTime() - pause.starts_at.getTime());
  if (at > now) {
    await updatePause(tx, pause.id, { starts_at: at, resumes_at });
    return;
  }
  const freezing = { kind: 'pause', at, resumes_at, listed_until: resumes_at, planned: pause } as const;
  const paused = await freezeSubscription(tx, subscription, freezing);
  const plan = await planOf(tx, subscription);
  await emit(tx, subscriptionPaused(pauseFacts(paused.subscription, plan, { resumes_at, originated_by: null })), at);
}
