import type { ProfileId } from '#platform/db/db-schema';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { billingProblems } from '../problems.ts';
import { RESEND_AFTER_MS } from './claim.ts';
import { lockClaimOf } from './claim-store.ts';
import { renewCode } from './issue-claims.ts';
import { describeSeats, isWaiting } from './find-seats.ts';

/**
 * Sends a new code for a seat that was not claimed. The former code becomes invalid.
 *
 * Locks: the claim.
 * @throws seat_unknown (404), seat_closed (409), seat_code_sent (429)
 */
export async function sendCodeAgain(ctx: Context, profile_id: ProfileId, id: number): Promise<void> {
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    const claim = await lockClaimOf(tx, profile_id, id);
    if (!claim) throw billingProblems.seat_unknown();
    const [seat] = await describeSeats(tx, [claim], at);
    if (!seat || !isWaiting(seat.state)) throw billingProblems.seat_closed();
    const wait_ms = claim.sent_at.getTime() + RESEND_AFTER_MS - at.getTime();
    if (wait_ms > 0) throw billingProblems.seat_code_sent({ retry_after_s: Math.ceil(wait_ms / 1000) });
    await renewCode(ctx, tx, claim, at);
  });
}
