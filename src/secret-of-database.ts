import { deleteTotpFactors } from '#accounts';
import { dropSessionKeys, openSessionKey } from '#gateway';
import { type Db, inTransaction } from '#platform/db/database';
import { deleteIdempotencyRecords } from '#platform/http/guards/idempotency-store';
import { isSecretOfDatabase, replaceFingerprint } from '#platform/security/secret-fingerprint-store';
import { findSite } from '#platform/site';
import { ConfigError } from './config.ts';

/**
 * Stops the start when the master key is not the one that this database was first started with: sealed texts would not open,
 * and requests would fail one by one.
 * @throws ConfigError with the steps to take
 */
export async function requireSecretOfDatabase(db: Db, secret: string, at: Date): Promise<void> {
  if ((await opensSessionKey(db, secret)) && (await isSecretOfDatabase(db, secret, at))) return;
  throw new ConfigError([
    'SECRET_KEY: is not the key that this database was first started with; what is sealed with that key would be unreadable.',
    'Restore the earlier key: SECRET_KEY of the environment, or the file secret.key in DATA_FOLDER when SECRET_KEY is not set.',
    'If it is lost, stop every node and run: tollgate secret adopt. It removes what only the earlier key opens; see docs/operating/running.md.',
  ]);
}

/** A database from before fingerprints were stored shows its key by the sealed session key, if it has one. */
async function opensSessionKey(db: Db, secret: string): Promise<boolean> {
  const site = await findSite(db);
  try {
    if (site) openSessionKey(site, secret);
    return true;
  } catch {
    return false;
  }
}

export interface Removed {
  totp_factors_count: number;
  session_keys_count: number;
}

/** Makes the master key the one of this database and removes every sealed text, since only the earlier key opens them. */
export async function adoptSecret(db: Db, secret: string, at: Date): Promise<Removed> {
  return inTransaction(db, async (tx) => {
    await replaceFingerprint(tx, secret, at);
    await deleteIdempotencyRecords(tx);
    return { totp_factors_count: await deleteTotpFactors(tx), session_keys_count: await dropSessionKeys(tx) };
  });
}
