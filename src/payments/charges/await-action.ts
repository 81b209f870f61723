import { inTransaction } from '#platform/db/database';
import { type ActionRequiredOutcome, type PaymentContext } from '../processors/index.ts';
import { type Attempt, markAwaitingAction } from '../records/index.ts';

/** How long an attempt waits for the payer before it is abandoned. */
const ACTION_LIFETIME_MS = 30 * 60_000;

/**
 * Stores that an attempt waits for the payer, in a transaction of its own. The first call fixes `expires_at`; later
 * calls change nothing. Returns the end of the wait, exclusive.
 */
export async function awaitAction(
  ctx: Pick<PaymentContext, 'db' | 'clock'>,
  attempt: Attempt,
  { intent_key }: ActionRequiredOutcome,
): Promise<Date> {
  if (attempt.expires_at !== null) return attempt.expires_at;
  const at = ctx.clock.now();
  const expires_at = new Date(at.getTime() + ACTION_LIFETIME_MS);
  await inTransaction(ctx.db, (tx) => markAwaitingAction(tx, attempt.id, { intent_key, expires_at, updated_at: at }));
  return expires_at;
}
