import { findPlanIds, findPlanOf, type Plan } from '#catalog';
import { findProfileById, findProfileBySlug, type Profile } from '#profiles';
import type { Context } from '#platform/context';
import type { PlanId, ProfileId, UserId } from '#platform/db/db-schema';
import { sellersSeenBy, type Subject } from '#platform/http/guards/access';
import { findManagedProfiles, type ManagedProfiles } from './managed-profiles.ts';
import { subscriptionProblems } from './problems.ts';

/** Returns the id of the signed-in user. The guard of the route excludes visitors. */
export function getCallerId({ actor }: Context): UserId {
  if (actor.kind !== 'user') throw new Error('the access of this route requires a user');
  return actor.user_id;
}

/** Returns the id of the profile in the path. */
export function getSubjectId(subject: Subject): ProfileId {
  if (subject.profile_id === null) throw new Error('the access of this route requires a profile');
  return subject.profile_id;
}

/** Loads the profile in the path, for its time zone and its slug. */
export async function getSubjectProfile(ctx: Context, subject: Subject): Promise<Profile> {
  const profile = await findProfileById(ctx.db, getSubjectId(subject));
  if (!profile) throw new Error('the guard of this route found the profile');
  return profile;
}

/** Subscriptions of one profile that the caller may read and change. */
export interface CallerScope {
  managed: ManagedProfiles;
  /** Empty for a caller who sees all subscriptions; a provider sees only those to plans of the given providers. */
  seen: { provider_ids?: readonly ProfileId[] };
}

export async function loadCallerScope(ctx: Context, subject: Subject): Promise<CallerScope> {
  const sellers = sellersSeenBy(subject);
  return {
    managed: await findManagedProfiles(ctx.db, ctx),
    seen: sellers === null ? {} : { provider_ids: sellers },
  };
}

/** Loads the plan in the path among those of the provider in the path. @throws plan_not_provided (404) */
export async function getSubjectPlan(ctx: Context, subject: Subject, slug: string): Promise<Plan> {
  const plan = await findPlanOf(ctx.db, getSubjectId(subject), slug);
  if (!plan) throw subscriptionProblems.plan_not_provided();
  return plan;
}

/** Finds the plan in the path, or all plans of the provider when the path has none. @throws plan_not_provided (404) */
export async function findSubjectPlanIds(ctx: Context, subject: Subject, slug: string | undefined): Promise<PlanId[]> {
  if (slug === undefined) return findPlanIds(ctx.db, getSubjectId(subject));
  return [(await getSubjectPlan(ctx, subject, slug)).id];
}

/** Loads the subscriber in the path. @throws subscription_unknown (404) without such a profile */
export async function getSubscriber(ctx: Context, slug: string): Promise<Profile> {
  const profile = await findProfileBySlug(ctx.db, slug);
  if (!profile) throw subscriptionProblems.subscription_unknown();
  return profile;
}
