import { findPlanBySlug, type Plan } from '#catalog';
import { readInstant } from '#kernel/instant';
import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { extraToText } from '#platform/http/schemas';
import { subscriptionEnded } from './events.ts';
import { idsOf } from './open-or-extend.ts';
import { mayChange, mayExtend, mayStartRenewal } from './policy.ts';
import { subscriptionProblems } from './problems.ts';
import { findReach } from './reach.ts';
import type { SubscriptionInput } from './schemas.ts';
import { lockRunning, updateSubscription, type SubscriptionChange } from './subscription-store.ts';
import { refuseEnd, type Subscription } from './subscription.ts';

/** Which subscription is meant; with `provider_id` the plan has to be that provider's. */
export interface SubscriptionTarget {
  profile_id: ProfileId;
  plan: string;
  provider_id?: ProfileId;
}

/**
 * Changes the running subscription of a profile to a plan; what is left out keeps its value.
 *
 * A subscriber may bring the end forward, which also stops the renewal; only the provider or the operator may put it off. Only the
 * subscriber or the operator switches the renewal on again.
 * @throws subscription_unknown (404), subscription_protected (403), invalid_input (400), subscription_overlaps (409)
 */
export async function changeSubscription(
  ctx: Context,
  target: SubscriptionTarget,
  input: SubscriptionInput,
  timezone: string,
): Promise<{ subscription: Subscription; plan: Plan }> {
  const ends_at = readEnd(input, timezone);
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    const plan = await findPlanBySlug(tx, target.plan);
    if (!plan || (target.provider_id !== undefined && plan.profile_id !== target.provider_id)) {
      throw subscriptionProblems.subscription_unknown();
    }
    const reach = await findReach(tx, ctx);
    if (!mayChange(reach, target, plan)) throw subscriptionProblems.subscription_protected();
    const running = await lockRunning(tx, target.profile_id, plan.id, at);
    if (!running) throw subscriptionProblems.subscription_unknown();
    if (input.auto_renew === true && !running.auto_renew && !mayStartRenewal(reach, running)) {
      throw subscriptionProblems.subscription_protected({ detail: 'Only the subscriber switches the renewal on.' });
    }
    const may_extend = mayExtend(reach, plan);
    const refusal = ends_at === undefined ? null : refuseEnd(running, ends_at, { at, may_extend });
    if (refusal !== null) throw invalidInput({ ends_at: [refusal] });
    const change = toChange(running, input, { ends_at, may_extend });
    if (Object.keys(change).length === 0) return { subscription: running, plan };
    const subscription = await updateSubscription(tx, running.id, change);
    if (subscription.ends_at <= at) {
      const originated_by = actorId(ctx);
      await emit(tx, subscriptionEnded({ ...idsOf(subscription, plan), originated_by }), at);
    }
    return { subscription, plan };
  });
}

function readEnd(input: SubscriptionInput, timezone: string): Date | undefined {
  if (input.ends_at === undefined) return undefined;
  return readInstant('ends_at', input.ends_at, timezone);
}

function toChange(
  running: Subscription,
  input: SubscriptionInput,
  { ends_at, may_extend }: { ends_at: Date | undefined; may_extend: boolean },
): SubscriptionChange {
  const is_shorter = ends_at !== undefined && ends_at < running.ends_at;
  const auto_renew = input.auto_renew ?? (is_shorter && !may_extend ? false : undefined);
  return {
    ...(ends_at === undefined ? {} : { ends_at }),
    ...(auto_renew === undefined ? {} : { auto_renew }),
    ...(input.description === undefined ? {} : { description: input.description }),
    ...(input.extra === undefined ? {} : { extra: extraToText(input.extra) }),
  };
}
