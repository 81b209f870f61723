import type { ClaimId, LedgerEntryId, PlanId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { findOfflinePayments, fromSubjectColumns } from '#ledger';
import { mergeReads } from '#platform/db/merge-reads';
import { findCoveringCharges, findRefundsOfEntries, lockChargesOf } from '#payments';
import type { OrderLine } from '../records/index.ts';
import type { PaidSeat } from './claim.ts';
import { findClaimLines, findLinesOfSeats } from './claim-store.ts';

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

/**
 * As `findPaidSeats`, for lines that are already read; in one statement, and in two more if a line has no charge that
 * pays it.
 */
export async function findPaidSeatsOf(reader: Reader, lines: readonly OrderLine[]): Promise<Map<ClaimId, PaidSeat[]>> {
  const entry_ids = lines.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []);
  const [charges, refunded] = await mergeReads(reader, [
    (together) => findCoveringCharges(together, entry_ids),
    (together) => findRefundsOfEntries(together, entry_ids),
  ]);
  const offline = await findPaidOffline(
    reader,
    lines.filter((line) => line.amount > 0 && !isCharged(line, charges)),
  );
  const paid: Payments = { charges, refunded, offline };
  const seats = new Map<ClaimId, PaidSeat[]>();
  for (const [claim_id, claim_lines] of Map.groupBy(lines, (line) => line.claim_id)) {
    if (claim_id === null) continue;
    const byPlan = Map.groupBy(claim_lines, (line) => line.plan_id);
    seats.set(
      claim_id,
      [...byPlan].flatMap(([plan_id, parts]) => (plan_id === null ? [] : [seatOf(plan_id, parts, paid)])),
    );
  }
  return seats;
}

interface Payments {
  charges: Charges;
  /** Refunded amounts, by entry. */
  refunded: ReadonlyMap<LedgerEntryId, number>;
  /** Entries that were paid outside of the site. */
  offline: ReadonlySet<LedgerEntryId>;
}

type Charges = Awaited<ReturnType<typeof findCoveringCharges>>;

/** True if a charge that is pending or done pays the line. */
function isCharged({ ledger_entry_id }: Pick<OrderLine, 'ledger_entry_id'>, charges: Charges): boolean {
  const state = ledger_entry_id === null ? undefined : charges.get(ledger_entry_id)?.state;
  return state === 'created' || state === 'done';
}

/**
 * Returns which of these lines their provider received the price of outside of the site. What was received on the
 * seats of one plan in one order pays their lines in the order of their ranks, each in full or not at all. A write-off
 * and a lost dispute pay nothing.
 */
async function findPaidOffline(reader: Reader, unpaid: readonly OrderLine[]): Promise<Set<LedgerEntryId>> {
  const subjects = unpaid.flatMap((line) => fromSubjectColumns(line) ?? []);
  if (subjects.length === 0) return new Set();
  const received = await findOfflinePayments(reader, subjects);
  if (received.length === 0) return new Set();
  const all = await findLinesOfSeats(
    reader,
    subjects.map(({ id }) => id),
  );
  const charges = await findCoveringCharges(
    reader,
    all.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []),
  );
  return new Set(
    received.flatMap(({ subject, unit, amount }) =>
      payInOrder(
        all.filter(
          (line) =>
            line.subject_id === subject.id &&
            line.unit === unit &&
            line.kind !== 'balance' &&
            !isCharged(line, charges),
        ),
        amount,
      ),
    ),
  );
}

/** Returns the entries of the lines that an amount pays, in the order given. Pure. */
export function payInOrder(
  lines: readonly Pick<OrderLine, 'amount' | 'ledger_entry_id'>[],
  amount: number,
): LedgerEntryId[] {
  let left = amount;
  const paid = [];
  for (const line of lines) {
    if (line.amount > left) break;
    left -= line.amount;
    if (line.ledger_entry_id !== null) paid.push(line.ledger_entry_id);
  }
  return paid;
}

function seatOf(plan_id: PlanId, parts: readonly OrderLine[], { charges, refunded, offline }: Payments): PaidSeat {
  const isOffline = ({ ledger_entry_id }: OrderLine) => ledger_entry_id !== null && offline.has(ledger_entry_id);
  return {
    plan_id,
    amount: parts.reduce((sum, { amount }) => sum + amount, 0),
    is_paid: parts.every((line) => line.amount === 0 || isCharged(line, charges) || isOffline(line)),
    is_paid_offline: parts.some(isOffline),
    refunded_amount: parts.reduce(
      (sum, { ledger_entry_id: id }) => sum + (id === null ? 0 : (refunded.get(id) ?? 0)),
      0,
    ),
  };
}
