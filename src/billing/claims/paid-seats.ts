import type { ClaimId, LedgerEntryId, PlanId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { findCoveringCharges, findRefundsOfEntries, lockChargesOf } from '#payments';
import type { OrderLine } from '../records/index.ts';
import type { PaidSeat } from './claim.ts';
import { findClaimLines } from './claim-store.ts';

/** Locks the charges that paid for claims: a concurrent refund or dispute commits either before or after the caller. */
export async function lockSeatCharges(tx: Tx, ids: readonly ClaimId[]): Promise<void> {
  const lines = await findClaimLines(tx, ids);
  await lockChargesOf(
    tx,
    lines.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []),
  );
}

/** Loads the paid and refunded amounts of claims, one seat per plan, by claim. */
export async function findPaidSeats(reader: Reader, ids: readonly ClaimId[]): Promise<Map<ClaimId, PaidSeat[]>> {
  return findPaidSeatsOf(reader, await findClaimLines(reader, ids));
}

/** As `findPaidSeats`, for lines that are already read; in one statement. */
export async function findPaidSeatsOf(reader: Reader, lines: readonly OrderLine[]): Promise<Map<ClaimId, PaidSeat[]>> {
  const entry_ids = lines.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []);
  const [charges, refunded] = await mergeReads(reader, [
    (together) => findCoveringCharges(together, entry_ids),
    (together) => findRefundsOfEntries(together, entry_ids),
  ]);
  const seats = new Map<ClaimId, PaidSeat[]>();
  for (const [claim_id, claim_lines] of Map.groupBy(lines, (line) => line.claim_id)) {
    if (claim_id === null) continue;
    const byPlan = Map.groupBy(claim_lines, (line) => line.plan_id);
    seats.set(
      claim_id,
      [...byPlan].flatMap(([plan_id, parts]) => (plan_id === null ? [] : [seatOf(plan_id, parts, charges, refunded)])),
    );
  }
  return seats;
}

function seatOf(
  plan_id: PlanId,
  parts: readonly OrderLine[],
  charges: Awaited<ReturnType<typeof findCoveringCharges>>,
  refunded: ReadonlyMap<LedgerEntryId, number>,
): PaidSeat {
  const isPaid = ({ amount, ledger_entry_id }: OrderLine) => {
    if (amount === 0) return true;
    const charge = ledger_entry_id === null ? undefined : charges.get(ledger_entry_id);
    return charge?.state === 'created' || charge?.state === 'done';
  };
  return {
    plan_id,
    amount: parts.reduce((sum, { amount }) => sum + amount, 0),
    is_paid: parts.every(isPaid),
    refunded_amount: parts.reduce(
      (sum, { ledger_entry_id: id }) => sum + (id === null ? 0 : (refunded.get(id) ?? 0)),
      0,
    ),
  };
}
