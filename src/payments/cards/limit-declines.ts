import { Problem } from '#kernel/problem';
import type { Context } from '#platform/context';
import { networkOf } from '#platform/security/throttle';
import { actorId } from '#platform/actor-id';
import { paymentsProblems } from '../problems.ts';
import { declineLimit, declinePeerLimit } from '../rate-limits.ts';

/** Also names of payments are not guessed, and a refused payment is not repeated: each costs a call. */
const counted: ReadonlySet<string> = new Set([
  paymentsProblems.card_declined.code,
  paymentsProblems.processor_refused.code,
  paymentsProblems.intent_unknown.code,
  paymentsProblems.intent_foreign.code,
]);

/**
 * Runs an attempt to use a card, unless too many cards of the caller were declined.
 * Costs one statement before the attempt and one per limit after a decline.
 *
 * @throws too_many_requests (429), and what the attempt throws
 */
export async function limitDeclines<T>(ctx: Context, attempt: () => Promise<T>): Promise<T> {
  const user_id = actorId(ctx);
  const peer = [declinePeerLimit, networkOf(ctx.peer?.ip)] as const;
  // A visitor has no id: all of them together must not block each other.
  const counts = user_id === null ? [peer] : [[declineLimit, String(user_id)] as const, peer];
  // A job acts for many buyers.
  if (ctx.actor.kind === 'job') return attempt();
  await ctx.throttle.requireBelowLimits(counts);
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof Problem && counted.has(error.code)) {
      for (const [limit, key] of counts) await ctx.throttle.allows(limit, key);
    }
    throw error;
  }
}
