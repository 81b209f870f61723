import type { Money } from '#kernel/money';
import { accounts, selectBalance } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { part, readTogether } from '#platform/db/together';
import { profileViewPart, selectProfileViews } from '#profiles';

const read = readTogether((reader, profile_id: ProfileId) => ({
  profiles: profileViewPart(selectProfileViews(reader).where('profiles.id', '=', profile_id)),
  funds: part(selectBalance(profile_id, accounts.funds), {}),
}));

/** Reads the Funds of a profile, by unit, in one statement; null for a profile that is no provider. */
export async function findFunds(reader: Reader, profile_id: ProfileId): Promise<Money[] | null> {
  const { profiles, funds } = await read(reader, profile_id);
  return profiles[0]?.is_provider === true ? funds : null;
}
