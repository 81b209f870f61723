import { findPlanBySlug, type Plan } from '#catalog';
import { findAmountsDue } from '#ledger';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { hasUnresolvedCharge } from '#payments';
import {
  findManagedProfiles,
  findSubscription,
  isAgreed,
  lockRunningSubscription,
  lockSubscriptionSlots,
  type Subscription,
  subscriptionProblems,
  subscriptionSubject,
} from '#subscriptions';
import { findOrdersOfSubscriptions, hasOpenOperation } from '../records/index.ts';
import { billingProblems } from '../problems.ts';

/** A subscription by its subscriber and the slug of its plan. */
export interface RunningTarget {
  profile_id: ProfileId;
  plan: string;
  /** Providers whose subscriptions the caller sees; null: all. */
  sellers: readonly ProfileId[] | null;
}

/** A running subscription with its plan. */
export interface RunningTerm {
  subscription: Subscription;
  plan: Plan;
}

/** A running subscription, and what the caller is to it. */
export interface Running extends RunningTerm {
  /** True if the caller manages the provider or the site. */
  is_provider: boolean;
  /** True if the caller manages the subscriber. */
  is_subscriber: boolean;
  /** True if the caller manages the site. */
  runs_site: boolean;
}

/**
 * Locks the running subscription of a profile to a plan for an operation of the caller.
 *
 * Locks: the place of the profile and the plan, then the subscription.
 * @throws subscription_unknown (404), subscription_protected (403), subscription_not_agreed (409)
 */
export async function lockRunning(ctx: Context, tx: Tx, target: RunningTarget, at: Date): Promise<Running> {
  const plan = await findSeenPlan(tx, target);
  await lockSubscriptionSlots(tx, [{ profile_id: target.profile_id, plan_id: plan.id }]);
  return admit(ctx, tx, plan, await lockRunningSubscription(tx, target.profile_id, plan.id, at));
}

/** Reads the running subscription as `lockRunning` does, for a preview. */
export async function findRunning(ctx: Context, reader: Reader, target: RunningTarget, at: Date): Promise<Running> {
  const plan = await findSeenPlan(reader, target);
  return admit(ctx, reader, plan, await findSubscription(reader, target.profile_id, plan.id, at));
}

async function findSeenPlan(reader: Reader, { plan: slug, sellers }: RunningTarget): Promise<Plan> {
  const plan = await findPlanBySlug(reader, slug);
  if (!plan || sellers?.includes(plan.profile_id) === false) throw subscriptionProblems.subscription_unknown();
  return plan;
}

async function admit(
  ctx: Context,
  reader: Reader,
  plan: Plan,
  subscription: Subscription | undefined,
): Promise<Running> {
  if (!subscription) throw subscriptionProblems.subscription_unknown();
  const { managed, runs_site } = await findManagedProfiles(reader, ctx);
  const is_provider = runs_site || managed.has(plan.profile_id);
  const is_subscriber = managed.has(subscription.profile_id);
  if (!is_provider && !is_subscriber) throw subscriptionProblems.subscription_protected();
  if (!isAgreed(subscription)) throw billingProblems.subscription_not_agreed();
  return { subscription, plan, is_provider, is_subscriber, runs_site };
}

/** Requires that no payment or refund of a subscription is open. @throws charge_pending (409) */
export async function requireNoOpenCharge(reader: Reader, subscription: Pick<Subscription, 'id'>): Promise<void> {
  if (await hasOpenCharge(reader, subscription)) throw billingProblems.charge_pending();
}

/** Returns true if a payment or a refund of a subscription is open. */
export async function hasOpenCharge(reader: Reader, { id }: Pick<Subscription, 'id'>): Promise<boolean> {
  const [orders, is_open] = await mergeReads(reader, [
    (together) => findOrdersOfSubscriptions(together, [id]),
    (together) => hasOpenOperation(together, id),
  ]);
  const attempts = orders.flatMap(({ charge_attempt_id }) => charge_attempt_id ?? []);
  return is_open || orders.some(({ state }) => state === 'reserved') || hasUnresolvedCharge(reader, attempts);
}

/** Returns what is due on a subscription and its uses. Units: 1/100. */
export async function findDueOn(reader: Reader, subscription: Pick<Subscription, 'id'>, plan: Plan): Promise<number> {
  const subjects = ['', ...plan.use_charges.map(({ slug }) => slug)].map((part) =>
    subscriptionSubject(subscription.id, part),
  );
  const dues = await findAmountsDue(reader, subjects);
  return dues.reduce((sum, { amount }) => sum + Math.max(0, amount), 0);
}
