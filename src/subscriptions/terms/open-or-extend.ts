import type { Plan } from '#catalog';
import { addPeriods, type PeriodType } from '#kernel/period';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import {
  subscriptionFacts,
  subscriptionGrantAccepted,
  subscriptionGrantCreated,
  subscriptionRequestCreated,
} from '../events.ts';
import { isTrustedProvider } from '../invitations/index.ts';
import {
  createSubscription,
  extendEnd,
  lockLatestSubscription,
  lockSubscriptionSlot,
  type Subscription,
  updateSubscription,
} from '../records/index.ts';

/** Order of a plan for a number of natural periods. */
export interface Opening {
  profile_id: ProfileId;
  plan: Plan;
  /** Natural periods. */
  periods_count: number;
  /** Type of the periods that were priced; that of the plan when omitted. */
  period_type?: PeriodType;
  /** Instant of the order; a new subscription begins at it (inclusive). */
  at: Date;
  /** True if another profile pays. */
  is_gift?: boolean;
  originated_by?: UserId | null;
}

export interface Opened {
  subscription: Subscription;
  covers_from: Date;
  /** Exclusive. */
  covers_to: Date;
}

/**
 * Opens a subscription of a profile to a plan, or extends the one with the latest end that has not ended.
 *
 * A new subscription waits for the provider if the plan requires that. An order by the profile accepts a grant that
 * waits. A gift of a provider that the profile does not subscribe to waits for the profile: a provider may read the
 * profiles of its subscribers. An order may be paid long after `at`; a subscription that was opened in between is
 * extended.
 * Locks: the slot of the profile and the plan, then the subscription.
 */
export async function openOrExtend(tx: Tx, opening: Opening): Promise<Opened> {
  const { profile_id, plan, at } = opening;
  await lockSubscriptionSlot(tx, profile_id, plan.id);
  const latest = await lockLatestSubscription(tx, profile_id, plan.id, at);
  return latest ? extendSubscription(tx, latest, opening) : openSubscription(tx, opening);
}

async function openSubscription(tx: Tx, opening: Opening): Promise<Opened> {
  const { profile_id, plan, periods_count, period_type = plan.period_type, at, originated_by = null } = opening;
  const covers_to = addPeriods(at, periods_count, period_type);
  const needs_consent = opening.is_gift === true && !(await isTrustedProvider(tx, profile_id, plan.profile_id, at));
  const request_key = plan.optin_on_request ? randomKey40() : null;
  const grant_key = needs_consent ? randomKey40() : null;
  const subscription = await createSubscription(tx, plan, {
    profile_id,
    created_at: at,
    ends_at: covers_to,
    auto_renew: plan.renewal_type === 'auto-renew',
    request_key,
    grant_key,
  });
  const facts = { ...subscriptionFacts(subscription, plan), originated_by };
  if (request_key !== null) await emit(tx, subscriptionRequestCreated({ ...facts, request_key }), at);
  if (grant_key !== null)
    await emit(tx, subscriptionGrantCreated({ ...facts, grant_key, key: null, message: null }), at);
  return { subscription, covers_from: at, covers_to };
}

async function extendSubscription(tx: Tx, latest: Subscription, opening: Opening): Promise<Opened> {
  const { plan, at, periods_count, period_type = plan.period_type, originated_by = null } = opening;
  const covers_to = extendEnd(latest, periods_count, period_type);
  const is_accepted = latest.grant_key !== null && opening.is_gift !== true;
  const change = { ends_at: covers_to, ...(is_accepted ? { grant_key: null } : {}) };
  const subscription = await updateSubscription(tx, latest.id, change);
  if (is_accepted) {
    await emit(tx, subscriptionGrantAccepted({ ...subscriptionFacts(subscription, plan), originated_by }), at);
  }
  return { subscription, covers_from: latest.ends_at, covers_to };
}
