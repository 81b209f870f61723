import { findPlansByIds } from '#catalog';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import { findProfileViews, presentProfileDetail, presentProfileSummary, findProfileSummaries } from '#profiles';
import { assertFound, presentCommon, type Subscription } from '../records/index.ts';
import type { ActiveSubscriberReply } from './schemas.ts';

/**
 * Presents active subscriptions to the provider of their plans, with the contact details of the subscribers. Omits the
 * details of a profile that has yet to accept a grant, unless the grant created the profile for an e-mail address.
 */
export async function presentActiveSubscribers(
  ctx: Context,
  subscriptions: readonly Subscription[],
): Promise<ActiveSubscriberReply[]> {
  const plan_ids = subscriptions.map(({ plan_id }) => plan_id);
  const profile_ids = subscriptions.map(({ profile_id }) => profile_id);
  const [plans, profiles] = await mergeReads(ctx.db, [
    (together) => findPlansByIds(together, plan_ids),
    (together) => findProfileViews(together, profile_ids),
  ]);
  return subscriptions.map((subscription) => {
    const plan = assertFound(plans.get(subscription.plan_id), subscription);
    const profile = assertFound(profiles.get(subscription.profile_id), subscription);
    const detail = presentProfileDetail(profile);
    const is_undisclosed = subscription.grant_key !== null && profile.invited_email === null;
    return {
      ...presentCommon(ctx, subscription, plan, profile.slug),
      profile: is_undisclosed ? { ...detail, ...undisclosed } : detail,
    };
  });
}

const undisclosed = {
  email: '',
  phone: '',
  street_address: '',
  locality: '',
  region: '',
  postal_code: '',
  country: '',
  extra: null,
};

/** Presents the profiles of the rows, in their order. */
export async function presentProfiles(
  ctx: Context,
  rows: readonly { id: ProfileId }[],
): Promise<ReturnType<typeof presentProfileSummary>[]> {
  const ids = rows.map(({ id }) => id);
  const summaries = await findProfileSummaries(ctx.db, ids);
  return ids.flatMap((id) => summaries.get(id) ?? []).map(presentProfileSummary);
}
