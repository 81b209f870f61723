import { actorId } from '#platform/actor-id';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { type PaymentContext, reserveRefundsOfEntries, sendRefund } from '#payments';
import { billingProblems } from '../problems.ts';
import { openSeats } from './claim.ts';
import { findClaimItems, findClaimLines, lockClaimOf, updateClaimRevoked } from './claim-store.ts';
import { describeSeats } from './find-seats.ts';
import { findPaidSeats, lockSeatCharges } from './paid-seats.ts';

/**
 * Revokes the seats of a person that no one has claimed, and refunds to the payer what they cost. Their code is invalid
 * from then on. Returns a sentence for the payer.
 *
 * The refund is reserved in the transaction that closes the seats. If the processor refuses it, the seats are open
 * again; if its response is lost, a job finishes it.
 *
 * Locks: the claim, then the charges that paid for it: a claim at the same time commits either before or after.
 * @throws seat_unknown (404), seat_closed (409); refund_exceeds_funds, refund_in_flight (405); refund_refused (400)
 * @see docs/decisions/0076-codes-of-seats-are-bound.md
 */
export async function revokeSeat(ctx: PaymentContext, profile_id: ProfileId, id: number): Promise<string> {
  const at = ctx.clock.now();
  const reserved = await inTransaction(ctx.db, async (tx) => {
    const claim = await lockClaimOf(tx, profile_id, id);
    if (!claim) throw billingProblems.seat_unknown();
    await lockSeatCharges(tx, [claim.id]);
    const [seat] = await describeSeats(tx, [claim], at);
    if (!seat?.may_revoke) throw billingProblems.seat_closed();
    const claimed = new Set((await findClaimItems(tx, [claim.id])).map(({ plan_id }) => plan_id));
    const open = openSeats(claim, (await findPaidSeats(tx, [claim.id])).get(claim.id) ?? []);
    const plan_ids = new Set(open.flatMap(({ plan_id }) => (claimed.has(plan_id) ? [] : [plan_id])));
    const lines = (await findClaimLines(tx, [claim.id])).filter(({ plan_id }) => plan_id && plan_ids.has(plan_id));
    await updateClaimRevoked(tx, claim.id, at);
    return reserveRefundsOfEntries(
      tx,
      lines.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []),
      { processors: ctx.processors, created_by: actorId(ctx), at },
    );
  });
  const sentences = [];
  for (const { charge, refund } of reserved) sentences.push(await sendRefund(ctx, charge, refund, { is_retry: false }));
  return ['The seat was revoked. Its code is no longer valid.', ...sentences].join(' ');
}
