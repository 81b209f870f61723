import { Type } from 'typebox';
import type { PlanId, ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';
import type { Plan } from '#catalog';
import type { Subscription } from '#subscriptions';

const facts = {
  subscription_id: idOf<SubscriptionId>(),
  profile_id: idOf<ProfileId>(),
  plan: Type.Object({ id: idOf<PlanId>(), slug: Type.String(), title: Type.String() }),
  provider_id: idOf<ProfileId>(),
  originated_by: nullableIdOf<UserId>(),
  /** Instants as ISO text. */
  resumes_at: Type.String(),
  ends_at: Type.String(),
};

export const subscriptionPaused = defineEvent(
  'subscription_paused',
  Type.Object(facts, {
    description: 'A subscription was paused: no access, no renewal and no charge until it resumes.',
  }),
);

export const subscriptionResumesSoon = defineEvent(
  'subscription_resumes_soon',
  Type.Object(facts, { description: 'A paused subscription resumes in three days.' }),
);

export const subscriptionResumed = defineEvent(
  'subscription_resumed',
  Type.Object(facts, { description: 'A paused subscription runs on; `ends_at` is the end of what is paid.' }),
);

/** Every event of pauses. */
export const pauseEvents = [subscriptionPaused, subscriptionResumesSoon, subscriptionResumed];

/** Returns the facts of an event about a pause. */
export function pauseFacts(
  { id, profile_id, ends_at }: Pick<Subscription, 'id' | 'profile_id' | 'ends_at'>,
  plan: Pick<Plan, 'id' | 'slug' | 'title' | 'profile_id'>,
  { resumes_at, originated_by }: { resumes_at: Date; originated_by: UserId | null },
) {
  return {
    subscription_id: id,
    profile_id,
    plan: { id: plan.id, slug: plan.slug, title: plan.title },
    provider_id: plan.profile_id,
    originated_by,
    resumes_at: resumes_at.toISOString(),
    ends_at: ends_at.toISOString(),
  };
}
