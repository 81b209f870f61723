import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';

/**
 * Returns when a card on file of a profile was declined since an instant, newest first; without what no bank
 * decided. Index: charge_attempts_declined_card.
 */
export async function findDeclinedTries(
  reader: Reader,
  { card_key, profile_id, since }: { card_key: string; profile_id: ProfileId; since: Date },
  limit: number,
): Promise<Date[]> {
  const rows = await reader
    .selectFrom('charge_attempts')
    .select('created_at')
    .where('card_key', '=', card_key)
    .where('state', '=', 'declined')
    .where('created_at', '>', since)
    .where('profile_id', '=', profile_id)
    .where('decline_kind', '<>', 'refused')
    .orderBy('created_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ created_at }) => created_at);
}
