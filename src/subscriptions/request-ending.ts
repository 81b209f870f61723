import type { Money } from '#kernel/money';
import type { ProblemFactory } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subscription } from './records/index.ts';

/**
 * Ends requests that the provider has not accepted, with the money of their orders, which this room does not know.
 * Implemented by billing. @see docs/decisions/0080-declined-requests.md
 */
export interface RequestEnding {
  /**
   * Ends a requested subscription: refunds what was paid and takes back what is due. Returns a sentence for the caller.
   * @throws the `problems`
   */
  endRequest(ctx: Context, requested: Subscription): Promise<string>;
  /**
   * Returns what the payer of a request gets back: to the card, as credit again, and as credit for what was paid
   * outside of the site (`noted`); and what is no longer due.
   */
  previewEnding(
    ctx: Context,
    requested: Subscription,
  ): Promise<{ refunded: Money[]; credited: Money[]; noted: Money[]; due: Money[] }>;
  readonly problems: readonly ProblemFactory[];
}

/**
 * Ends subscriptions and requests. A subscription has paid time, a planned change, a pause and an unpaid balance that
 * this room does not know. Implemented by billing. @see docs/decisions/0092-one-way-to-end.md
 */
export interface SubscriptionEnding extends RequestEnding {
  /**
   * Ends a running subscription now without a refund, as a cancellation does, and records why.
   * @throws the `problems`
   */
  endRunning(ctx: Context, target: { profile_id: ProfileId; /** Slug. */ plan: string }): Promise<void>;
}
