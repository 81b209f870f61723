import type { DunningCaseId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';

/** A dunning case of a subscriber: when payment failed, and how it closed. */
export interface DunningSpan {
  id: DunningCaseId;
  began_at: Date;
  /** Null while it is open. */
  closed_at: Date | null;
  state: string;
}

/** Finds the newest dunning cases of a payer with these providers. Index: dunning_cases_profile_id. */
export async function findDunningSpans(
  reader: Reader,
  profile_id: ProfileId,
  provider_ids: readonly ProfileId[],
  rows_max: number,
): Promise<DunningSpan[]> {
  if (provider_ids.length === 0) return [];
  return reader
    .selectFrom('dunning_cases')
    .select(['id', 'began_at', 'closed_at', 'state'])
    .where('profile_id', '=', profile_id)
    .where('provider_id', 'in', [...provider_ids])
    .orderBy('began_at', 'desc')
    .orderBy('id', 'desc')
    .limit(rows_max)
    .execute();
}
