import { parsePlanSlug, type Plan, planPart, readPlan, selectPlans } from '#catalog';
import { canonicalName } from '#kernel/slug';
import type { PlanId, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { part, readTogether } from '#platform/db/together';
import {
  type HeldRole,
  profileSummaryPart,
  type ProfileSummary,
  selectHeldRoles,
  selectProfileNames,
  selectProfileSummaries,
  summarizeProfile,
} from '#profiles';
import { readSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/** Selects the subscription of a profile to a plan as `findSubscription` does. Index: subscriptions_profile_id. */
function selectRunning(reader: Reader, at: Date) {
  return reader.selectFrom('subscriptions').selectAll().where('ends_at', '>', at).orderBy('ends_at').limit(1);
}

const instants = {
  created_at: true,
  anchor_at: true,
  ends_at: true,
  trial_ends_at: true,
  cancelled_at: true,
  paused_at: true,
  resumes_at: true,
  suspended_at: true,
} as const;

/** A subscription with what its presentation shows: `subscriber` and `plan` are undefined when the path names none. */
export interface SubscriptionView {
  subscription: Subscription | undefined;
  plan: Plan | undefined;
  subscriber: ProfileSummary | undefined;
}

const forSubscriber = readTogether((reader, profile_id: ProfileId, slug: string, at: Date, caller_id: UserId) => {
  const plans = selectPlans(reader).where('plans.slug', '=', slug);
  return {
    subscriptions: part(
      selectRunning(reader, at)
        .where('profile_id', '=', profile_id)
        .where('plan_id', 'in', plans.clearSelect().select('plans.id').$castTo<{ id: PlanId }>()),
      instants,
    ),
    plans: planPart(plans),
    subscribers: profileSummaryPart(selectProfileSummaries(reader).where('profiles.id', '=', profile_id)),
    held: part(selectHeldRoles(reader).where('roles.user_id', '=', caller_id), { created_at: true, accepted_at: true }),
  };
});

/** Reads the subscription of a profile to the plan of a slug, with the roles of the caller, in one statement. */
export async function readSubscribedPlan(
  reader: Reader,
  { profile_id, plan, caller_id }: { profile_id: ProfileId; plan: string; caller_id: UserId },
  at: Date,
): Promise<SubscriptionView & { held: HeldRole[] }> {
  const found = await forSubscriber(reader, profile_id, parsePlanSlug(plan), at, caller_id);
  return { ...toView(found), held: found.held };
}

const forProvider = readTogether((reader, provider_id: ProfileId, plan: string, subscriber: string, at: Date) => {
  const plans = selectPlans(reader).where('plans.slug', '=', plan).where('plans.profile_id', '=', provider_id);
  const subscribers = selectProfileSummaries(reader).where('profiles.slug', '=', subscriber);
  return {
    subscriptions: part(
      selectRunning(reader, at)
        .where('plan_id', 'in', plans.clearSelect().select('plans.id').$castTo<{ id: PlanId }>())
        .where('profile_id', 'in', subscribers.clearSelect().select('profiles.id').$castTo<{ id: ProfileId }>()),
      instants,
    ),
    plans: planPart(plans),
    subscribers: profileSummaryPart(subscribers),
    providers: part(selectProfileNames(reader).where('profiles.id', '=', provider_id), { created_at: true }),
  };
});

/** Reads the subscription of the profile of a slug to a plan of a provider, in one statement. */
export async function readSubscriber(
  reader: Reader,
  { provider_id, plan, subscriber }: { provider_id: ProfileId; plan: string; subscriber: string },
  at: Date,
): Promise<SubscriptionView & { provider_slug: string }> {
  const found = await forProvider(reader, provider_id, parsePlanSlug(plan), canonicalName(subscriber), at);
  return { ...toView(found), provider_slug: found.providers[0]?.slug ?? '' };
}

function toView({
  subscriptions,
  plans,
  subscribers,
}: Pick<Awaited<ReturnType<typeof forSubscriber>>, 'subscriptions' | 'plans' | 'subscribers'>): SubscriptionView {
  const [subscription] = subscriptions;
  const [plan] = plans;
  const [subscriber] = subscribers;
  return {
    subscription: subscription && readSubscription(subscription),
    plan: plan && readPlan(plan),
    subscriber: subscriber && summarizeProfile(subscriber),
  };
}
