import { findPlansByIds, findProviderSlugs, planSummary, type Plan } from '#catalog';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { paths } from '#platform/http/paths';
import { extraFromText } from '#platform/http/schemas';
import { findProfileSummaries, presentProfileSummary, type ProfileSummary } from '#profiles';
import type { ManagedProfiles } from '../managed-profiles.ts';
import { mayChange } from '../policy.ts';
import type { SubscriberReply, SubscriptionReply } from '../schemas.ts';
import type { Subscription } from './subscription.ts';

/** Presents subscriptions to their subscriber. `managed` decides `editable`: true if the caller may change it. */
export async function presentSubscriptions(
  ctx: Context,
  subscriptions: readonly Subscription[],
  managed: ManagedProfiles,
): Promise<SubscriptionReply[]> {
  const { plans, profiles } = await loadNames(ctx.db, subscriptions);
  return subscriptions.map((subscription) => {
    const plan = assertFound(plans.get(subscription.plan_id), subscription);
    const subscriber = assertFound(profiles.get(subscription.profile_id), subscription);
    return presentToSubscriber(ctx, { subscription, plan, subscriber }, managed);
  });
}

/** A subscription with its plan and its subscriber. */
interface Named {
  subscription: Subscription;
  plan: Plan;
  subscriber: ProfileSummary;
}

/** Presents one subscription to its subscriber. */
export function presentToSubscriber(
  ctx: Context,
  { subscription, plan, subscriber }: Named,
  managed: ManagedProfiles,
): SubscriptionReply {
  return {
    ...presentCommon(ctx, subscription, plan, subscriber.slug),
    profile: presentProfileSummary(subscriber),
    remove_api_url: ctx.origin + paths.apiSubscription(subscriber.slug, plan.slug),
    editable: mayChange(managed, subscription, plan),
  };
}

/** Presents subscriptions to the provider of their plans. */
export async function presentSubscribers(
  ctx: Context,
  subscriptions: readonly Subscription[],
): Promise<SubscriberReply[]> {
  const plan_ids = subscriptions.map(({ plan_id }) => plan_id);
  const [{ plans, profiles }, providers] = await mergeReads(ctx.db, [
    (together) => loadNames(together, subscriptions),
    (together) => findProviderSlugs(together, plan_ids),
  ]);
  return subscriptions.map((subscription) => {
    const plan = assertFound(plans.get(subscription.plan_id), subscription);
    const subscriber = assertFound(profiles.get(subscription.profile_id), subscription);
    const provider = assertFound(providers.get(plan.id), subscription);
    return presentToProvider(ctx, { subscription, plan, subscriber }, provider);
  });
}

/** Presents one subscription to the provider of its plan. */
export function presentToProvider(
  ctx: Context,
  { subscription, plan, subscriber }: Named,
  provider_slug: string,
): SubscriberReply {
  const { request_key } = subscription;
  return {
    ...presentCommon(ctx, subscription, plan, subscriber.slug),
    profile: presentProfileSummary(subscriber),
    accept_request_api_url:
      request_key === null ? null : ctx.origin + paths.apiSubscribersAccept(provider_slug, request_key),
    remove_api_url: ctx.origin + paths.apiSubscriber(provider_slug, plan.slug, subscriber.slug),
  };
}

/** Presents one subscription to its subscriber. */
export async function presentSubscription(
  ctx: Context,
  subscription: Subscription,
  managed: ManagedProfiles,
): Promise<SubscriptionReply> {
  return assertFound((await presentSubscriptions(ctx, [subscription], managed))[0], subscription);
}

/** Presents one subscription to the provider of its plan. */
export async function presentSubscriber(ctx: Context, subscription: Subscription): Promise<SubscriberReply> {
  return assertFound((await presentSubscribers(ctx, [subscription]))[0], subscription);
}

async function loadNames(reader: Reader, subscriptions: readonly Subscription[]) {
  const plan_ids = subscriptions.map(({ plan_id }) => plan_id);
  const profile_ids = subscriptions.map(({ profile_id }) => profile_id);
  const [plans, profiles] = await mergeReads(reader, [
    (together) => findPlansByIds(together, plan_ids),
    (together) => findProfileSummaries(together, profile_ids),
  ]);
  return { plans, profiles };
}

/** Presents the fields that every view of a subscription has. `slug` is that of the subscriber. */
export function presentCommon(ctx: Context, subscription: Subscription, plan: Plan, slug: string) {
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
    quantity: subscription.quantity,
    trial_ends_at: isoOrNull(subscription.trial_ends_at),
    cancelled_at: isoOrNull(subscription.cancelled_at),
    paused_at: isoOrNull(subscription.paused_at),
    resumes_at: isoOrNull(subscription.resumes_at),
  };
}

function isoOrNull(at: Date | null): string | null {
  return at && at.toISOString();
}

/** Asserts that a row exists which a foreign key of the subscription guarantees. */
export function assertFound<T>(row: T | undefined, { id }: Subscription): T {
  if (row === undefined) throw new Error(`subscription ${id} refers to a row that is not there`);
  return row;
}
