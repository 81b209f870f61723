import type { Plan } from '#catalog';
import { addPeriods } from '#kernel/period';
import { randomKey40 } from '#platform/crypto';
import type { ProfileId, UserId } from '#platform/db-schema';
import type { Tx } from '#platform/db';
import { emit } from '#platform/events';
import { subscriptionGrantAccepted, subscriptionRequestCreated } from './events.ts';
import { insertSubscription, lockRunning, updateSubscription } from './subscription-store.ts';
import { extendedEnd, type Subscription } from './subscription.ts';

export interface Opening {
  profile_id: ProfileId;
  plan: Plan;
  /** Natural periods. */
  periods_count: number;
  /** When it was ordered: a new subscription begins at this very instant. */
  at: Date;
  originated_by?: UserId | null;
}

export interface Opened {
  subscription: Subscription;
  covers_from: Date;
  /** Exclusive. */
  covers_to: Date;
}

/**
 * Gives a profile more of a plan, as an order does: a new subscription, or the running one made longer.
 *
 * A new one waits for the provider when the plan says so. Ordering what was offered is accepting the offer.
 * Locks: the running subscription.
 * @throws subscription_overlaps (409) when two orders open the same subscription at once
 */
export async function openOrExtend(tx: Tx, opening: Opening): Promise<Opened> {
  const { profile_id, plan, at } = opening;
  const running = await lockRunning(tx, profile_id, plan.id, at);
  return running ? extend(tx, running, opening) : open(tx, opening);
}

/** Makes a subscription longer, running or just over: the renewal of what was not renewed in time. */
export async function extendSubscription(
  tx: Tx,
  subscription: Subscription,
  terms: { plan: Plan; periods_count: number },
): Promise<Opened> {
  const covers_to = extendedEnd(subscription, terms.periods_count, terms.plan.period_type);
  const extended = await updateSubscription(tx, subscription.id, { ends_at: covers_to });
  return { subscription: extended, covers_from: subscription.ends_at, covers_to };
}

async function open(tx: Tx, { profile_id, plan, periods_count, at, originated_by = null }: Opening): Promise<Opened> {
  const covers_to = addPeriods(at, periods_count, plan.period_type);
  const request_key = plan.optin_on_request ? randomKey40() : null;
  const subscription = await insertSubscription(tx, {
    profile_id,
    plan_id: plan.id,
    created_at: at,
    ends_at: covers_to,
    auto_renew: plan.renewal_type === 'auto-renew',
    request_key,
  });
  if (request_key !== null) {
    await emit(tx, subscriptionRequestCreated({ ...idsOf(subscription, plan), originated_by, request_key }), at);
  }
  return { subscription, covers_from: at, covers_to };
}

async function extend(tx: Tx, running: Subscription, opening: Opening): Promise<Opened> {
  const { plan, at, originated_by = null } = opening;
  const opened = await extendSubscription(tx, running, opening);
  if (running.grant_key === null) return opened;
  const subscription = await updateSubscription(tx, running.id, { grant_key: null });
  await emit(tx, subscriptionGrantAccepted({ ...idsOf(subscription, plan), originated_by }), at);
  return { ...opened, subscription };
}

/** The ids that each event about a subscription carries. */
export function idsOf(subscription: Subscription, plan: Pick<Plan, 'id' | 'profile_id' | 'slug' | 'title'>) {
  return {
    subscription_id: subscription.id,
    profile_id: subscription.profile_id,
    plan_id: plan.id,
    plan: { slug: plan.slug, title: plan.title },
    provider_id: plan.profile_id,
  };
}
