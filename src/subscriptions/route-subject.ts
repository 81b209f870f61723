import { findPlanOf, type Plan } from '#catalog';
import { findProfileById, findProfileBySlug, type Profile } from '#profiles';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { ProfileId, UserId } from '#platform/db/db-schema';
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
  return { managed: await findManagedProfiles(ctx.db, ctx), seen: seenBy(subject) };
}

/** Returns the providers to whose plans the subscriptions are restricted that the caller sees. */
export function seenBy(subject: Subject): CallerScope['seen'] {
  const sellers = sellersSeenBy(subject);
  return sellers === null ? {} : { provider_ids: sellers };
}

/** Loads the plan in the path among those of the provider in the path. @throws plan_not_provided (404) */
export async function getSubjectPlan(ctx: Context, subject: Subject, slug: string): Promise<Plan> {
  const plan = await findPlanOf(ctx.db, getSubjectId(subject), slug);
  if (!plan) throw subscriptionProblems.plan_not_provided();
  return plan;
}

/** Requires that the plan in the path, if there is one, is the provider's. @throws plan_not_provided (404) */
export async function requireSubjectPlan(reader: Reader, subject: Subject, slug: string | undefined): Promise<void> {
  if (slug === undefined || (await findPlanOf(reader, getSubjectId(subject), slug))) return;
  throw subscriptionProblems.plan_not_provided();
}

/** Loads the subscriber in the path. @throws subscription_unknown (404) without such a profile */
export async function getSubscriber(ctx: Context, slug: string): Promise<Profile> {
  const profile = await findProfileBySlug(ctx.db, slug);
  if (!profile) throw subscriptionProblems.subscription_unknown();
  return profile;
}
