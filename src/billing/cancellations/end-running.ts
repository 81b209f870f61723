import type { Processors } from '#payments';
import { type SubscriptionEnding, subscriptionProblems } from '#subscriptions';
import { billingProblems } from '../problems.ts';
import { requestCancellation } from './request-cancellation.ts';

/** Implements how a running subscription ends at once: a cancellation without a refund, and without questions. */
export function makeRunningEnding(processors: Processors): Pick<SubscriptionEnding, 'endRunning' | 'problems'> {
  return {
    async endRunning(ctx, { profile_id, plan }) {
      await requestCancellation(
        { ...ctx, processors },
        { profile_id, plan, sellers: null },
        { at: 'now', refund: 'none', preview_key: null, reason: null, comment: null },
      );
    },
    problems: [subscriptionProblems.subscription_unknown, billingProblems.charge_pending],
  };
}
