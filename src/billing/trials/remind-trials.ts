import { findPlansByIds, type Plan, planSummary } from '#catalog';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import type { SubscriptionId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { walkRows } from '#platform/jobs/walk-rows';
import { findSavedCards } from '#payments';
import { findTrials, type Subscription } from '#subscriptions';
import { recordNotice } from '../records/index.ts';
import { promisedPrice, type TrialLine } from './conversion.ts';
import { trialEndsSoon } from './events.ts';
import { findTrialLines, findTrialNotices } from './trial-line-store.ts';

const KIND = 'trial_ends_soon';
const NOTICE_MS = 7 * 86_400_000;

/** A trial with what its reminder says. */
interface RunningTrial extends Subscription {
  plan: Plan | null;
  trial: TrialLine | null;
  has_card: boolean;
  is_sent: boolean;
}

/**
 * Announces the end of each trial seven days before, at its start when it is shorter: date, price, how to cancel. Once
 * per trial, and again if the provider moved its end. Safe twice and on two nodes: the notice is a row of the
 * transaction.
 */
export async function remindTrials(ctx: Context, now: Date): Promise<void> {
  await walkRows({
    findBatch: (after: SubscriptionId | null, limit) => loadBatch(ctx, now, { after, limit }),
    work: (running) => remind(ctx, running, now),
    onError: ({ id }, error) => ctx.log.error({ err: error, subscription_id: id }, 'end of a trial not announced'),
  });
}

async function loadBatch(
  { db }: Context,
  now: Date,
  place: { after: SubscriptionId | null; limit: number },
): Promise<RunningTrial[]> {
  const until = new Date(now.getTime() + NOTICE_MS);
  const subscriptions = await findTrials(db, { since: now, until }, place);
  if (subscriptions.length === 0) return [];
  const ids = subscriptions.map(({ id }) => id);
  const sent = await findTrialNotices(db, KIND, ids);
  const lines = await findTrialLines(db, ids);
  const plans = await findPlansByIds(
    db,
    subscriptions.map(({ plan_id }) => plan_id),
  );
  const cards = await findSavedCards(
    db,
    subscriptions.map(({ profile_id }) => profile_id),
  );
  return subscriptions.map((subscription) => ({
    ...subscription,
    plan: plans.get(subscription.plan_id) ?? null,
    trial: lines.get(subscription.id) ?? null,
    has_card: cards.has(subscription.profile_id),
    is_sent: sent.has(`${subscription.id} ${subscription.ends_at.toISOString()}`),
  }));
}

async function remind(ctx: Context, running: RunningTrial, at: Date): Promise<void> {
  const { id, profile_id, plan, trial, has_card, is_sent } = running;
  if (is_sent || !plan || !trial) return;
  const ends_at = running.ends_at.toISOString();
  const amount = promisedPrice({ subscription: running, plan, trial }) + (trial.promised_setup_amount ?? 0);
  await inTransaction(ctx.db, async (tx) => {
    if (!(await recordNotice(tx, { kind: KIND, subject_id: id, occurrence: ends_at }, at))) return;
    const facts = { subscription_id: id, profile_id, provider_id: plan.profile_id, plan_id: plan.id, ends_at };
    const due = { amount, unit: plan.unit, has_card };
    await emit(tx, trialEndsSoon({ ...facts, ...due, plan: planSummary(plan) }), at);
  });
}
