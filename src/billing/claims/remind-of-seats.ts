import { countReminders, reminderSpan } from '#kernel/reminder';
import type { Context } from '#platform/context';
import type { ClaimId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { walkRows } from '#platform/jobs/walk-rows';
import type { Claim } from './claim.ts';
import { findUnclaimed, lockClaim, recordSeatReminders } from './claim-store.ts';
import { describeSeats } from './find-seats.ts';
import { renewCode } from './issue-claims.ts';

/**
 * Sends the codes of seats again that no one has claimed since so many days: each once per day of `days`, in a
 * transaction of its own. Codes are stored as hashes: a new code replaces the former one, as when the payer sends it
 * again. Safe to run twice and on two nodes.
 */
export async function remindOfSeats(ctx: Context, days: readonly number[], at: Date): Promise<void> {
  const span = reminderSpan(days, at);
  if (!span) return;
  await walkRows<ClaimId, Claim>({
    findBatch: (after, limit) => findUnclaimed(ctx.db, span, { count: days.length, at, after, limit }),
    work: ({ id }) => remindOfSeat(ctx, id, days, at),
    onError: ({ id }, error) => ctx.log.error({ err: error, claim_id: id }, 'code of a seat not sent again'),
  });
}

async function remindOfSeat(ctx: Context, id: ClaimId, days: readonly number[], at: Date): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const claim = await lockClaim(tx, id);
    const [seat] = claim ? await describeSeats(tx, [claim], at) : [];
    // A claimed, revoked, refunded or unpaid seat waits for no one.
    if (!claim || seat?.state !== 'open') return;
    const count = countReminders(claim.created_at, days, at);
    if (count > 0 && (await recordSeatReminders(tx, id, count))) await renewCode(ctx, tx, claim, at);
  });
}
