import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Plan } from '#catalog';
import { findPlanBySlug } from '#catalog';
import { commonProblems } from '#kernel/problem';
import { mergeReads } from '#platform/db/merge-reads';
import { sellersSeenBy } from '#platform/http/guards/access';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import {
  findManagedProfiles,
  findSubscription,
  isAgreed,
  type Subscription,
  subscriptionProblems,
} from '#subscriptions';
import type { Profile } from '#profiles';
import { getProfileById, loadPayerSummary } from '../payer.ts';
import type { RunningTarget } from '../pauses/index.ts';
import { billingProblems } from '../problems.ts';

/** Renewals are ordered and charged this long before the end. */
const CHARGED_AHEAD_MS = 24 * 3_600_000;

export const SubscriptionParams = Type.Object({ profile: Type.String(), plan: Type.String({ maxLength: 150 }) });
export type SubscriptionRequest = FastifyRequest<{ Params: { profile: string; plan: string } }>;

/** The running subscription that a page is about, and what the caller may do. */
export interface OpenedSubscription {
  subscriber: Profile;
  subscription: Subscription;
  plan: Plan;
  target: RunningTarget;
  /** False for a caller who only reads. */
  may_edit: boolean;
  /** True if the caller manages the subscriber. */
  is_subscriber: boolean;
  /** True if the caller manages the provider or the site. */
  is_provider: boolean;
  /** True if the caller sees the profile as a provider of its plans, without its payment card. */
  is_seller: boolean;
  runs_site: boolean;
  at: Date;
  /** Members that every page of this sub-room has. */
  parts: {
    profile: { slug: string; printable_name: string };
    subscription: { slug: string; title: string; ends_at: Date };
    may_edit: boolean;
    back_url: string;
  };
}

/**
 * Loads the subscription of the path. The page leads back to the same-site `next` of its address; without one, a
 * provider goes back to the file of the subscriber, a subscriber to the list of subscriptions.
 * @throws subscription_unknown, not_found (404), subscription_not_agreed (409)
 */
export async function openSubscription(request: SubscriptionRequest): Promise<OpenedSubscription> {
  const { ctx, subject, params } = request;
  const { profile_id } = subject;
  if (profile_id === null) throw commonProblems.not_found();
  const at = ctx.clock.now();
  const sellers = sellersSeenBy(subject);
  const [{ subscriber, profile }, plan, managed] = await mergeReads(ctx.db, [
    async (reader) => {
      const found = await getProfileById(reader, profile_id);
      return { subscriber: found, profile: await loadPayerSummary(reader, found) };
    },
    (reader) => findPlanBySlug(reader, params.plan),
    (reader) => findManagedProfiles(reader, ctx),
  ]);
  const is_seen = plan !== undefined && sellers?.includes(plan.profile_id) !== false;
  const subscription = is_seen ? await findSubscription(ctx.db, profile_id, plan.id, at) : undefined;
  if (!plan || !subscription) throw subscriptionProblems.subscription_unknown();
  if (!isAgreed(subscription)) throw billingProblems.subscription_not_agreed();
  const { runs_site } = managed;
  const is_subscriber = managed.managed.has(profile_id);
  const is_provider = runs_site || managed.managed.has(plan.profile_id);
  const may_edit = subject.is_manager && (is_subscriber || is_provider);
  const is_seller = sellers !== null;
  const { slug, title } = plan;
  return {
    subscriber,
    subscription,
    plan,
    target: { profile_id, plan: slug, sellers },
    may_edit,
    is_subscriber,
    is_provider,
    is_seller,
    runs_site,
    at,
    parts: {
      profile,
      subscription: { slug, title, ends_at: subscription.ends_at },
      may_edit,
      back_url: targetOf(request, is_seller ? paths.profile(subscriber.slug) : paths.subscriptions(subscriber.slug)),
    },
  };
}

/** Returns the next charge of a subscription with this end at the present price; null if it does not renew. Pure. */
export function nextCharge(
  { subscription, plan }: Pick<OpenedSubscription, 'subscription' | 'plan'>,
  ends_at: Date,
): { at: Date; money: { amount: number; unit: string } } | null {
  const amount = plan.period_amount * subscription.quantity;
  if (!subscription.auto_renew || amount === 0) return null;
  return { at: new Date(ends_at.getTime() - CHARGED_AHEAD_MS), money: { amount, unit: plan.unit } };
}
