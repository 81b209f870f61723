import { findPlansByIds } from '#catalog';
import { countReminders, reminderSpan } from '#kernel/reminder';
import type { Context } from '#platform/context';
import type { SubscriptionId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { walkRows } from '#platform/jobs/walk-rows';
import { UNREADABLE_KEY } from '#platform/security/link-keys';
import { lockProfile } from '#profiles';
import { subscriptionFacts, subscriptionRequestCreated } from '../events.ts';
import {
  findWaitingConsents,
  lockRunningSubscription,
  lockSubscriptionSlot,
  recordConsentReminders,
  type Subscription,
} from '../records/index.ts';
import { emitGrantCreated } from './grant-subscription.ts';
import { findInvitee } from './grantee.ts';

type Waiting = Pick<Subscription, 'id' | 'profile_id' | 'plan_id'>;

/**
 * Sends grants of subscriptions, and requests for them, again that wait since so many days: each once per day of
 * `days`, in a transaction of its own. The key stays. Safe to run twice and on two nodes.
 */
export async function remindOfSubscriptions(ctx: Context, days: readonly number[], at: Date): Promise<void> {
  const span = reminderSpan(days, at);
  if (!span) return;
  await walkRows<SubscriptionId, Waiting>({
    findBatch: (after, limit) => findWaitingConsents(ctx.db, span, { count: days.length, at, after, limit }),
    work: (waiting) => remindOfSubscription(ctx, waiting, days, at),
    onError: ({ id }, error) => ctx.log.error({ err: error, subscription_id: id }, 'subscription not sent again'),
  });
}

async function remindOfSubscription(
  ctx: Context,
  { id, profile_id, plan_id }: Waiting,
  days: readonly number[],
  at: Date,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const profile = await lockProfile(tx, profile_id);
    await lockSubscriptionSlot(tx, profile_id, plan_id);
    const subscription = await lockRunningSubscription(tx, profile_id, plan_id, at);
    const plan = (await findPlansByIds(tx, [plan_id])).get(plan_id);
    if (subscription?.id !== id || !plan || !profile.is_active) return;
    const { grant_key, request_key } = subscription;
    // A key of another master key cannot be sent.
    if ((grant_key ?? request_key) === null || (grant_key ?? request_key) === UNREADABLE_KEY) return;
    const count = countReminders(subscription.created_at, days, at);
    if (count === 0 || !(await recordConsentReminders(tx, id, count))) return;
    if (request_key !== null) {
      const facts = { ...subscriptionFacts(subscription, plan), originated_by: null };
      await emit(tx, subscriptionRequestCreated({ ...facts, request_key }), at);
      return;
    }
    const grantee = { profile, invitee: await findInvitee(tx, profile) };
    await emitGrantCreated(ctx, tx, { subscription, plan, grantee, message: null });
  });
}
