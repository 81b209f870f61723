import type { Processors } from '#payments';
import type { SubscriptionEnding } from '#subscriptions';
import { makeRunningEnding } from './cancellations/index.ts';
import { makeRequestEnding } from './requests/index.ts';

/** Implements how subscriptions and requests end, with their money. */
export function makeSubscriptionEnding(processors: Processors): SubscriptionEnding {
  const [request, running] = [makeRequestEnding(processors), makeRunningEnding(processors)];
  const problems = [...new Set([...request.problems, ...running.problems])];
  return { ...request, ...running, problems };
}
