import type { ProfileId } from '#platform/db-schema';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import { billingProblems } from '../problems.ts';
import { RESEND_AFTER_MS } from './claim.ts';
import { findClaimsOf, lockClaim } from './claim-store.ts';
import { renewCode } from './issue-claims.ts';
import { listSeats, SEATS_LISTED_MAX } from './list-seats.ts';

/**
 * Mails a new code for a seat that was not claimed; the former code ends.
 * @throws seat_unknown (404), seat_closed (409), seat_code_sent (429)
 */
export async function sendCodeAgain(ctx: Context, profile_id: ProfileId, id: number): Promise<void> {
  const claim = (await findClaimsOf(ctx.db, profile_id, SEATS_LISTED_MAX)).find((each) => each.id === id);
  if (!claim) throw billingProblems.seat_unknown();
  const seat = (await listSeats(ctx, profile_id)).find((each) => each.id === claim.id);
  if (seat?.state !== 'open' && seat?.state !== 'expired') throw billingProblems.seat_closed();
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    const locked = await lockClaim(tx, claim.id);
    if (!locked) throw billingProblems.seat_unknown();
    const wait_ms = locked.sent_at.getTime() + RESEND_AFTER_MS - at.getTime();
    if (wait_ms > 0) throw billingProblems.seat_code_sent({ retry_after_s: Math.ceil(wait_ms / 1000) });
    await renewCode(tx, locked, ctx.actor.kind === 'user' ? ctx.actor.user_id : null, at);
  });
}
