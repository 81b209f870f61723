import type { Insertable } from 'kysely';
import type { FrozenCoveragesTable, SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import { insertion } from '#platform/db/insertion';
import type { Part } from '#platform/db/together';
import type { Coverage } from './coverage.ts';

/** Time that stands still, with the facts of its line. It runs on `offset_ms` after the resumption, for `length_ms`. */
export interface FrozenCoverage extends Omit<
  Coverage,
  'starts_at' | 'ends_at' | 'recognised' | 'recognised_until' | 'next_window_at'
> {
  offset_ms: number;
  length_ms: number;
}

const frozen_columns = [
  'order_line_id',
  'rank',
  'subscription_id',
  'amount',
  'quantity',
  'offset_ms',
  'length_ms',
] as const;

/** Part that stores the time of closed coverages until the subscription resumes. */
export function insertedFrozen(rows: readonly Insertable<FrozenCoveragesTable>[]): Part<void> {
  return { query: insertion('frozen_coverages', frozen_columns, rows), read: null };
}

/** Reads the time of a subscription that stands still, by line and rank. Index: frozen_coverages_subscription_id. */
export async function findFrozen(reader: Reader, subscription_id: SubscriptionId): Promise<FrozenCoverage[]> {
  return executeFragment(
    reader,
    fragment<FrozenCoverage>`
    select line.order_id, line.kind, closed.payer_id, line.provider_id, line.beneficiary_id, line.plan_id,
      json_build_object('kind', line.subject_kind, 'id', line.subject_id, 'part', line.subject_part) as subject,
      line.ledger_entry_id, line.unit, coalesce(line.period_type, 'monthly') as period_type, closed.anchor_at, frozen.*
    from frozen_coverages frozen join order_lines line on line.id = frozen.order_line_id
    join coverages closed on closed.order_line_id = frozen.order_line_id and closed.rank = frozen.rank
    where frozen.subscription_id = ${subscription_id}
    order by frozen.order_line_id, frozen.rank`,
  );
}

/** Removes the time of a subscription that stands still. Locks: its rows. */
export async function deleteFrozen(tx: Tx, subscription_id: SubscriptionId): Promise<void> {
  await tx.deleteFrom('frozen_coverages').where('subscription_id', '=', subscription_id).execute();
}
