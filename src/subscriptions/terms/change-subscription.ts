import { findPlanBySlug, type Plan } from '#catalog';
import { readInstant } from '#kernel/instant';
import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { extraToText } from '#platform/http/schemas';
import { subscriptionEnded, subscriptionFacts } from '../events.ts';
import { findManagedProfiles } from '../managed-profiles.ts';
import { mayChange, mayExtend, mayStartRenewal } from '../policy.ts';
import { subscriptionProblems } from '../problems.ts';
import {
  endChange,
  lockRunningSubscription,
  refuseEnd,
  refuseTrialEnd,
  type Subscription,
  type SubscriptionChange,
  updateSubscription,
} from '../records/index.ts';
import type { SubscriptionInput } from '../schemas.ts';

/** The subscription to change. With `provider_id`, a plan of another provider is reported as unknown. */
export interface SubscriptionTarget {
  profile_id: ProfileId;
  /** Slug. */
  plan: string;
  provider_id?: ProfileId;
}

/**
 * Changes the running subscription of a profile to a plan; fields that the input omits keep their values.
 *
 * A subscriber may shorten it; only the provider or the broker may extend it. Only the subscriber or the broker may
 * switch the renewal on. An earlier end switches it off, unless the broker sets it: a renewal that is due earlier is a
 * charge that a provider would cause.
 * @throws subscription_unknown (404), subscription_protected (403), invalid_input (400), subscription_overlaps (409)
 */
export async function changeSubscription(
  ctx: Context,
  target: SubscriptionTarget,
  input: SubscriptionInput,
  timezone: string,
): Promise<{ subscription: Subscription; plan: Plan }> {
  const { ends_at, trial_ends_at } = readEnds(input, timezone);
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    const plan = await findPlanBySlug(tx, target.plan);
    if (!plan || (target.provider_id !== undefined && plan.profile_id !== target.provider_id)) {
      throw subscriptionProblems.subscription_unknown();
    }
    const caller = await findManagedProfiles(tx, ctx);
    if (!mayChange(caller, target, plan)) throw subscriptionProblems.subscription_protected();
    const running = await lockRunningSubscription(tx, target.profile_id, plan.id, at);
    if (!running) throw subscriptionProblems.subscription_unknown();
    const may_renew = mayStartRenewal(caller, running);
    const is_shorter = ends_at !== undefined && ends_at < running.ends_at;
    if (input.auto_renew === true && (!running.auto_renew || is_shorter) && !may_renew) {
      throw subscriptionProblems.subscription_protected({ detail: 'Only the subscriber can switch the renewal on.' });
    }
    const may_extend = mayExtend(caller, plan);
    if (trial_ends_at !== undefined && !may_extend)
      throw subscriptionProblems.subscription_protected({ detail: 'Only the provider can extend a trial.' });
    const refusal = ends_at === undefined ? null : refuseEnd(running, ends_at, { at, may_extend });
    if (refusal !== null) throw invalidInput({ ends_at: [refusal] });
    const trial_refusal = trial_ends_at === undefined ? null : refuseTrialEnd(running, trial_ends_at, at);
    if (trial_refusal !== null) throw invalidInput({ trial_ends_at: [trial_refusal] });
    const stops = is_shorter && !(may_extend && may_renew);
    const change = toChange(input, { end: endChange(running, trial_ends_at ?? ends_at, at), stops });
    if (Object.keys(change).length === 0) return { subscription: running, plan };
    const subscription = await updateSubscription(tx, running.id, change);
    if (subscription.ends_at <= at) {
      const facts = { ...subscriptionFacts(subscription, plan), originated_by: actorId(ctx) };
      await emit(tx, subscriptionEnded(facts), at);
    }
    return { subscription, plan };
  });
}

interface Ends {
  ends_at?: Date;
  trial_ends_at?: Date;
}

/** Reads the ends that the input names. A trial ends with its subscription: only one of them is given. */
function readEnds({ ends_at, trial_ends_at }: SubscriptionInput, timezone: string): Ends {
  if (ends_at !== undefined && trial_ends_at !== undefined)
    throw invalidInput({ ends_at: ['Omit it with trial_ends_at: a trial ends with its subscription.'] });
  return {
    ...(ends_at === undefined ? {} : { ends_at: readInstant('ends_at', ends_at, timezone) }),
    ...(trial_ends_at === undefined ? {} : { trial_ends_at: readInstant('trial_ends_at', trial_ends_at, timezone) }),
  };
}

function toChange(
  input: SubscriptionInput,
  { end, stops }: { end: SubscriptionChange; stops: boolean },
): SubscriptionChange {
  const auto_renew = input.auto_renew ?? (stops ? false : undefined);
  return {
    ...end,
    ...(auto_renew === undefined ? {} : { auto_renew }),
    ...(input.description === undefined ? {} : { description: input.description }),
    ...(input.extra === undefined ? {} : { extra: extraToText(input.extra) }),
  };
}
