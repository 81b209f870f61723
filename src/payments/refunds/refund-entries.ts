import assert from 'node:assert/strict';
import type { ChargeId, LedgerEntryId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import type { Processors } from '../processors/index.ts';
import { type Charge, findChargeById, findCoveringCharges, findRemainingLines, type Refund } from '../records/index.ts';
import { reserveRefund } from './reserve-refund.ts';

/** A refund that is reserved, with the charge that it takes money back from. */
export interface ReservedRefund {
  charge: Charge;
  refund: Refund;
}

/**
 * Reserves refunds of what is left of the lines that paid orders in the ledger, one refund for each charge. The caller
 * has decided that the lines may be refunded. Orders without a charge, free lines and lines that are refunded are left
 * out. The caller commits, then sends each refund (`sendRefund`).
 *
 * Locks: the charges by id, then their providers.
 * @throws the problems of reserveRefund
 */
export async function reserveRefundsOfEntries(
  tx: Tx,
  entry_ids: readonly LedgerEntryId[],
  {
    processors,
    created_by,
    returns_backlog = false,
    at,
  }: { processors: Processors; created_by: UserId | null; returns_backlog?: boolean; at: Date },
): Promise<ReservedRefund[]> {
  const byEntry = await findCoveringCharges(tx, entry_ids);
  const charges = new Map([...byEntry.values()].map((charge) => [charge.id, charge]));
  const reserved: ReservedRefund[] = [];
  for (const charge of [...charges.values()].toSorted((a, b) => a.id - b.id)) {
    const terms = processors.getByName(charge.processor);
    const lines = await findRemainingLines(tx, charge, terms);
    const wanted = lines.flatMap(({ item, refundable, credit_left }, num) =>
      byEntry.get(item.invoiced_entry_id)?.id === charge.id && refundable + credit_left > 0 ? [{ num }] : [],
    );
    if (wanted.length === 0) continue;
    reserved.push({
      charge,
      refund: await reserveRefund(tx, charge.id, wanted, { terms, created_by, returns_backlog, at }),
    });
  }
  return reserved;
}

/** Part of a payout: an amount of one line of a charge. `num` is the index of the line. */
export interface RefundPart {
  charge_id: ChargeId;
  num: number;
  amount: number;
}

/**
 * Reserves the refunds that pay out credit, one for each charge. The caller holds the credit for each of them and
 * commits, then sends each refund (`sendRefund`).
 *
 * Locks: the charges by id, then their providers.
 * @throws the problems of reserveRefund
 */
export async function reservePayout(
  tx: Tx,
  parts: readonly RefundPart[],
  { processors, created_by, at }: { processors: Processors; created_by: UserId | null; at: Date },
): Promise<ReservedRefund[]> {
  const reserved: ReservedRefund[] = [];
  const byCharge = Map.groupBy(parts, ({ charge_id }) => charge_id);
  for (const [charge_id, own] of [...byCharge].toSorted(([a], [b]) => a - b)) {
    const charge = await findChargeById(tx, charge_id);
    assert(charge, 'a payout names charges');
    const wanted = own.map(({ num, amount }) => ({ num, refunded_amount: amount }));
    const terms = processors.getByName(charge.processor);
    const refund = await reserveRefund(tx, charge_id, wanted, { terms, created_by, is_payout: true, at });
    reserved.push({ charge, refund });
  }
  return reserved;
}
