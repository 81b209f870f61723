import { findPlansByIds, planSummary, type Plan } from '#catalog';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { extraFromText } from '#platform/http/schemas';
import {
  findProfilesByIds,
  findProfileViews,
  presentProfileDetail,
  presentProfileSummary,
  findProfileSummaries,
  type ProfileSummary,
} from '#profiles';
import { mayChange } from './policy.ts';
import type { Reach } from './reach.ts';
import type { ActiveSubscriberReply, SubscriberReply, SubscriptionReply } from './schemas.ts';
import type { Subscription } from './subscription.ts';

/** Presents subscriptions to their subscriber. `reach` says which of them the caller may change. */
export async function presentSubscriptions(
  ctx: Context,
  subscriptions: readonly Subscription[],
  reach: Reach,
): Promise<SubscriptionReply[]> {
  const { plans, profiles } = await readNames(ctx, subscriptions);
  return subscriptions.map((subscription) => {
    const plan = known(plans.get(subscription.plan_id), subscription);
    const profile = known(profiles.get(subscription.profile_id), subscription);
    return {
      ...presentCommon(ctx, subscription, plan, profile.slug),
      profile: presentProfileSummary(profile),
      remove_api_url: ctx.origin + paths.apiSubscription(profile.slug, plan.slug),
      editable: mayChange(reach, subscription, plan),
    };
  });
}

/** Presents subscriptions to the provider of their plans. */
export async function presentSubscribers(
  ctx: Context,
  subscriptions: readonly Subscription[],
): Promise<SubscriberReply[]> {
  const { plans, profiles } = await readNames(ctx, subscriptions);
  const providers = await findProfilesByIds(
    ctx.db,
    [...plans.values()].map((plan) => plan.profile_id),
  );
  return subscriptions.map((subscription) => {
    const plan = known(plans.get(subscription.plan_id), subscription);
    const profile = known(profiles.get(subscription.profile_id), subscription);
    const provider = known(providers.get(plan.profile_id), subscription);
    const { request_key } = subscription;
    return {
      ...presentCommon(ctx, subscription, plan, profile.slug),
      profile: presentProfileSummary(profile),
      accept_request_api_url:
        request_key === null ? null : ctx.origin + paths.apiSubscribersAccept(provider.slug, request_key),
      remove_api_url: ctx.origin + paths.apiSubscriber(provider.slug, plan.slug, profile.slug),
    };
  });
}

/** Presents one subscription to its subscriber. */
export async function presentSubscription(
  ctx: Context,
  subscription: Subscription,
  reach: Reach,
): Promise<SubscriptionReply> {
  return known((await presentSubscriptions(ctx, [subscription], reach))[0], subscription);
}

/** Presents one subscription to the provider of its plan. */
export async function presentSubscriber(ctx: Context, subscription: Subscription): Promise<SubscriberReply> {
  return known((await presentSubscribers(ctx, [subscription]))[0], subscription);
}

/**
 * Presents running subscriptions to the provider of their plans, with how to reach the subscribers. A profile that has yet
 * to accept an offer is shown by name only, unless the provider made it for an address.
 */
export async function presentActiveSubscribers(
  ctx: Context,
  subscriptions: readonly Subscription[],
): Promise<ActiveSubscriberReply[]> {
  const plans = await findPlansByIds(
    ctx.db,
    subscriptions.map(({ plan_id }) => plan_id),
  );
  const profiles = await findProfileViews(
    ctx.db,
    subscriptions.map(({ profile_id }) => profile_id),
  );
  return subscriptions.map((subscription) => {
    const plan = known(plans.get(subscription.plan_id), subscription);
    const profile = known(profiles.get(subscription.profile_id), subscription);
    const detail = presentProfileDetail(profile);
    const is_offer = subscription.grant_key !== null && profile.invited_email === null;
    return {
      ...presentCommon(ctx, subscription, plan, profile.slug),
      profile: is_offer ? { ...detail, ...undisclosed } : detail,
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

/** Presents profiles in the order in which they were listed. */
export async function presentProfiles(
  ctx: Context,
  rows: readonly { id: ProfileId }[],
): Promise<ReturnType<typeof presentProfileSummary>[]> {
  const ids = rows.map(({ id }) => id);
  const summaries = await findProfileSummaries(ctx.db, ids);
  return ids.flatMap((id) => summaries.get(id) ?? []).map(presentProfileSummary);
}

async function readNames(ctx: Context, subscriptions: readonly Subscription[]) {
  const plans = await findPlansByIds(
    ctx.db,
    subscriptions.map(({ plan_id }) => plan_id),
  );
  const profiles: Map<ProfileSummary['id'], ProfileSummary> = await findProfileSummaries(
    ctx.db,
    subscriptions.map(({ profile_id }) => profile_id),
  );
  return { plans, profiles };
}

function presentCommon(ctx: Context, subscription: Subscription, plan: Plan, slug: string) {
  return {
    created_at: subscription.created_at.toISOString(),
    ends_at: subscription.ends_at.toISOString(),
    description: subscription.description,
    plan: planSummary(plan),
    auto_renew: subscription.auto_renew,
    extra: extraFromText(subscription.extra),
    grant_key: subscription.grant_key,
    request_key: subscription.request_key,
    app_url: ctx.origin + paths.app(slug, `${encodeURIComponent(plan.slug)}/`),
  };
}

/** The foreign keys see to it that it is there. */
function known<T>(row: T | undefined, { id }: Subscription): T {
  if (row === undefined) throw new Error(`subscription ${id} refers to a row that is not there`);
  return row;
}
