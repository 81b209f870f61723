import type { LedgerEntryId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import type { Processors } from '../processors/index.ts';
import {
  type Charge,
  findChargeItems,
  findCoveringCharges,
  findRefundsOfEntries,
  type Refund,
} from '../records/index.ts';
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
  const refunded = await findRefundsOfEntries(tx, entry_ids);
  const charges = new Map([...byEntry.values()].map((charge) => [charge.id, charge]));
  const reserved: ReservedRefund[] = [];
  for (const charge of [...charges.values()].toSorted((a, b) => a.id - b.id)) {
    const wanted = (await findChargeItems(tx, charge.id)).flatMap((item, num) =>
      byEntry.get(item.invoiced_entry_id)?.id === charge.id && item.amount > (refunded.get(item.invoiced_entry_id) ?? 0)
        ? [{ num }]
        : [],
    );
    if (wanted.length === 0) continue;
    const terms = processors.getByName(charge.processor);
    reserved.push({
      charge,
      refund: await reserveRefund(tx, charge.id, wanted, { terms, created_by, returns_backlog, at }),
    });
  }
  return reserved;
}
