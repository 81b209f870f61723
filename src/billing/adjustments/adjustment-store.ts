import type { Insertable } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { AdjustmentId, AdjustmentsTable, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import type { Adjustment } from './adjustment.ts';

export async function insertAdjustments(tx: Tx, rows: readonly Insertable<AdjustmentsTable>[]): Promise<Adjustment[]> {
  return tx.insertInto('adjustments').values(rows).returningAll().execute();
}

/** Finds what an earlier request with the same key recorded. Index: adjustments_request_key_provider_id_unit_key. */
export async function findAdjustmentsOfRequest(reader: Reader, request_key: string): Promise<Adjustment[]> {
  return reader.selectFrom('adjustments').selectAll().where('request_key', '=', request_key).orderBy('id').execute();
}

/** Finds the imported payments of these payers that were not reversed. Index: adjustments_profile_id. */
export async function findImports(
  reader: Reader,
  provider_id: ProfileId,
  profile_ids: readonly ProfileId[],
): Promise<Pick<Adjustment, 'profile_id' | 'created_at' | 'amount' | 'unit' | 'description'>[]> {
  if (profile_ids.length === 0) return [];
  return reader
    .selectFrom('adjustments')
    .select(['profile_id', 'created_at', 'amount', 'unit', 'description'])
    .where('profile_id', '=', (eb) => eb.fn.any(eb.val([...profile_ids])))
    .where('provider_id', '=', provider_id)
    .where('kind', '=', 'import')
    .where('reversed_at', 'is', null)
    .execute();
}

/** Finds an adjustment of a provider by its key. */
export async function findAdjustment(
  reader: Reader,
  provider_id: ProfileId,
  key: string,
): Promise<Adjustment | undefined> {
  return reader
    .selectFrom('adjustments')
    .selectAll()
    .where('key', '=', key)
    .where('provider_id', '=', provider_id)
    .executeTakeFirst();
}

/** Marks an adjustment as reversed; undefined if it is reversed already. Waits for a concurrent reversal. */
export async function updateReversed(
  tx: Tx,
  id: AdjustmentId,
  { by, at }: { by: UserId | null; at: Date },
): Promise<Adjustment | undefined> {
  return tx
    .updateTable('adjustments')
    .set({ reversed_at: at, reversed_by: by })
    .where('id', '=', id)
    .where('reversed_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

/** The list of the adjustments of one provider. Index: adjustments_provider_id. */
export const adjustmentList = defineList({
  search: {
    description: 'adjustment.description',
    profile: 'subscriber.slug',
    profile__full_name: 'subscriber.full_name',
  },
  sort: {
    amount: 'adjustment.amount',
    created_at: 'adjustment.created_at',
    recorded_at: 'adjustment.recorded_at',
  },
  default_order: [{ column: 'adjustment.recorded_at', descending: true }],
  tie_breaker: 'adjustment.id',
  date: 'adjustment.created_at',
});

/** Returns a page of the adjustments of a provider. */
export async function listAdjustmentRows(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
  url: URL,
): Promise<Page<Adjustment>> {
  const rows = reader
    .selectFrom('adjustments as adjustment')
    .innerJoin(selectProfileNames(reader).as('subscriber'), 'subscriber.id', 'adjustment.profile_id')
    .selectAll('adjustment')
    .where('adjustment.provider_id', '=', provider_id);
  return listPage(reader, rows, adjustmentList, list, url);
}
