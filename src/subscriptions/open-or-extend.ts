import type { Plan } from '#catalog';
import { addPeriods, type PeriodType } from '#kernel/period';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { subscriptionGrantAccepted, subscriptionGrantCreated, subscriptionRequestCreated } from './events.ts';
import { isTrustedProvider } from './is-trusted-provider.ts';
import { insertSubscription, lockLatest, lockPlace, updateSubscription } from './subscription-store.ts';
import { extendedEnd, type Subscription } from './subscription.ts';

export interface Opening {
  profile_id: ProfileId;
  plan: Plan;
  /** Natural periods. */
  periods_count: number;
  /** What kind of periods were priced; those of the plan as it is now when left out. */
  period_type?: PeriodType;
  /** When it was ordered: a new subscription begins at this very instant. */
  at: Date;
  /** Somebody else ordered it for the profile. */
  is_gift?: boolean;
  originated_by?: UserId | null;
}

export interface Opened {
  subscription: Subscription;
  covers_from: Date;
  /** Exclusive. */
  covers_to: Date;
}

/**
 * Gives a profile more of a plan, as an order does: a new subscription, or the last one made longer that is not over.
 *
 * A new one waits for the provider when the plan says so. Ordering what was offered is accepting the offer, unless somebody else
 * orders: a gift from a provider whose customer the profile is not waits for the profile, as being somebody's provider opens doors.
 * An order can be settled long after `at`, so what took the subscription's place meanwhile is what is extended.
 * Locks: the place of the profile among the plan's subscribers, then the subscription.
 */
export async function openOrExtend(tx: Tx, opening: Opening): Promise<Opened> {
  const { profile_id, plan, at } = opening;
  await lockPlace(tx, profile_id, plan.id);
  const latest = await lockLatest(tx, profile_id, plan.id, at);
  return latest ? extend(tx, latest, opening) : open(tx, opening);
}

async function open(tx: Tx, opening: Opening): Promise<Opened> {
  const { profile_id, plan, periods_count, period_type = plan.period_type, at, originated_by = null } = opening;
  const covers_to = addPeriods(at, periods_count, period_type);
  const is_offer = opening.is_gift === true && !(await isTrustedProvider(tx, profile_id, plan, at));
  const request_key = plan.optin_on_request ? randomKey40() : null;
  const grant_key = is_offer ? randomKey40() : null;
  const subscription = await insertSubscription(tx, {
    profile_id,
    plan_id: plan.id,
    created_at: at,
    ends_at: covers_to,
    auto_renew: plan.renewal_type === 'auto-renew',
    request_key,
    grant_key,
  });
  const told = { ...idsOf(subscription, plan), originated_by };
  if (request_key !== null) await emit(tx, subscriptionRequestCreated({ ...told, request_key }), at);
  if (grant_key !== null)
    await emit(tx, subscriptionGrantCreated({ ...told, grant_key, key: null, message: null }), at);
  return { subscription, covers_from: at, covers_to };
}

async function extend(tx: Tx, latest: Subscription, opening: Opening): Promise<Opened> {
  const { plan, at, periods_count, period_type = plan.period_type, originated_by = null } = opening;
  const covers_to = extendedEnd(latest, periods_count, period_type);
  const is_accepted = latest.grant_key !== null && opening.is_gift !== true;
  const change = { ends_at: covers_to, ...(is_accepted ? { grant_key: null } : {}) };
  const subscription = await updateSubscription(tx, latest.id, change);
  if (is_accepted) await emit(tx, subscriptionGrantAccepted({ ...idsOf(subscription, plan), originated_by }), at);
  return { subscription, covers_from: latest.ends_at, covers_to };
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
