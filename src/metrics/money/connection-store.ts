import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';

/** True if a provider has an account at a processor for its money. Index: payout_accounts_connected. */
export async function hasPayoutAccount(reader: Reader, provider_id: ProfileId): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from payout_accounts where profile_id = ${provider_id} and disconnected_at is null) as found`.execute(
    reader,
  );
  return rows[0]?.found ?? false;
}
