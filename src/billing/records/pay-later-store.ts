import type { ProfileId } from '#platform/db/db-schema';
import type { Db, Reader } from '#platform/db/database';

/** Returns which of the providers do not let buyers order without paying. Index: primary key. */
export async function findPayLaterRefusers(
  reader: Reader,
  provider_ids: readonly ProfileId[],
): Promise<Set<ProfileId>> {
  if (provider_ids.length === 0) return new Set();
  const rows = await reader
    .selectFrom('pay_later_terms')
    .select('provider_id')
    .where('provider_id', 'in', [...provider_ids])
    .where('is_allowed', '=', false)
    .execute();
  return new Set(rows.map(({ provider_id }) => provider_id));
}

/** Sets whether buyers may order from a provider without paying. */
export async function upsertPayLaterTerms(
  db: Db,
  provider_id: ProfileId,
  is_allowed: boolean,
  updated_at: Date,
): Promise<void> {
  await db
    .insertInto('pay_later_terms')
    .values({ provider_id, is_allowed, updated_at })
    .onConflict((conflict) => conflict.column('provider_id').doUpdateSet({ is_allowed, updated_at }))
    .execute();
}
