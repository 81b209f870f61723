import { findPlanOf, planIdsOf, type Plan } from '#catalog';
import { findProfileById, findProfileBySlug, type Profile } from '#profiles';
import type { Context } from '#platform/context';
import type { PlanId, ProfileId, UserId } from '#platform/db/db-schema';
import { sellersSeenBy, type Subject } from '#platform/http/guards/access';
import { subscriptionProblems } from './problems.ts';
import { findReach, type Reach } from './reach.ts';

/** The signed-in user of a route that no visitor passes. */
export function callerOf({ actor }: Context): UserId {
  if (actor.kind !== 'user') throw new Error('the guard of this route asks for a user');
  return actor.user_id;
}

/** The profile of the path, as the guard found it. */
export function profileOf(subject: Subject): ProfileId {
  if (subject.profile_id === null) throw new Error('the guard of this route names a profile');
  return subject.profile_id;
}

/** Reads the profile of the path, for its time zone and its slug. */
export async function getProfileOf(ctx: Context, subject: Subject): Promise<Profile> {
  const profile = await findProfileById(ctx.db, profileOf(subject));
  if (!profile) throw new Error('the guard of this route found the profile');
  return profile;
}

/** What the caller may see of a subscriber's subscriptions: a provider sees those to the plans it provides. */
export async function readReach(
  ctx: Context,
  subject: Subject,
): Promise<{ reach: Reach; provider_ids: { provider_ids?: readonly ProfileId[] } }> {
  const sellers = sellersSeenBy(subject);
  return {
    reach: await findReach(ctx.db, ctx),
    provider_ids: sellers === null ? {} : { provider_ids: sellers },
  };
}

/** The plan of the path, among those of the provider of the path. @throws plan_not_provided (404) */
export async function getPlanOf(ctx: Context, subject: Subject, slug: string): Promise<Plan> {
  const plan = await findPlanOf(ctx.db, profileOf(subject), slug);
  if (!plan) throw subscriptionProblems.plan_not_provided();
  return plan;
}

/** All plans of the provider of the path, or the one that the path names. */
export async function planIds(ctx: Context, subject: Subject, slug: string | undefined): Promise<PlanId[]> {
  if (slug === undefined) return planIdsOf(ctx.db, profileOf(subject));
  return [(await getPlanOf(ctx, subject, slug)).id];
}

/** The subscriber of the path. @throws subscription_unknown (404): who has no profile has no subscription */
export async function getSubscriber(ctx: Context, slug: string): Promise<Profile> {
  const profile = await findProfileBySlug(ctx.db, slug);
  if (!profile) throw subscriptionProblems.subscription_unknown();
  return profile;
}

/** Reads the flag that goes on where the plain request would be refused. */
export function isForced(text: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on'].includes(text?.toLowerCase() ?? '');
}
