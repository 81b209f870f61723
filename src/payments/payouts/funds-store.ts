import { accounts, selectBalance } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { part, readTogether } from '#platform/db/together';
import { profileViewPart, selectProfileViews } from '#profiles';
import { selectPayoutAccount, selectPromisedFunds } from '../records/index.ts';

const read = readTogether((reader, profile_id: ProfileId) => ({
  profiles: profileViewPart(selectProfileViews(reader).where('profiles.id', '=', profile_id)),
  funds: part(selectBalance(profile_id, accounts.funds), {}),
  promised: part(selectPromisedFunds(profile_id), {}),
  accounts: part(selectPayoutAccount(reader, profile_id), {
    connected_at: true,
    disconnected_at: true,
    checked_at: true,
    denied_at: true,
  }),
}));

/**
 * Reads the Funds of a profile, what open refunds and payouts will take of them, by unit, and the account to which it
 * is paid out, in one statement.
 */
export async function findFunds(reader: Reader, profile_id: ProfileId) {
  const { profiles, funds, promised, accounts: connected } = await read(reader, profile_id);
  return { is_provider: profiles[0]?.is_provider === true, funds, promised, account: connected[0] ?? null };
}
