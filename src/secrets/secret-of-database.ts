import { deleteTotpFactors } from '#accounts';
import { removeSessionKeys, openSessionKey } from '#gateway';
import { type Db, inTransaction } from '#platform/db/database';
import { deleteIdempotencyRecords } from '#platform/http/guards/idempotency-store';
import { deleteKeptPosts } from '#platform/pages/forms/kept-post-store';
import { isSecretOfDatabase, replaceFingerprint } from '#platform/security/secret-fingerprint-store';
import { findSite } from '#platform/site';
import { ConfigError } from '../config.ts';

/**
 * Requires the master key with which this database was first started. With another key no sealed text could be opened.
 *
 * @throws ConfigError that names the steps to take
 */
export async function requireSecretOfDatabase(db: Db, secret: string, at: Date): Promise<void> {
  if ((await mayOpenSessionKey(db, secret)) && (await isSecretOfDatabase(db, secret, at))) return;
  throw new ConfigError([
    'SECRET_KEY: is not the key that this database was first started with; texts that were sealed with that key would be unreadable.',
    'Restore the earlier key: SECRET_KEY of the environment, or the file secret.key in DATA_FOLDER when SECRET_KEY is not set.',
    'If it is lost, stop every node and run: tollgate secret adopt. It removes every text that only the earlier key opens; see docs/operating/running.md.',
  ]);
}

/** True if the key opens the sealed session key or none is stored. A database of an old version has no fingerprint. */
async function mayOpenSessionKey(db: Db, secret: string): Promise<boolean> {
  const site = await findSite(db);
  try {
    if (site) openSessionKey(site, secret);
    return true;
  } catch {
    return false;
  }
}

/** Numbers of removed secrets. */
export interface RemovedSecrets {
  totp_factors_count: number;
  session_keys_count: number;
}

/** Binds the database to this master key and removes every sealed text, since only the former key opens them. */
export async function adoptSecret(db: Db, secret: string, at: Date): Promise<RemovedSecrets> {
  return inTransaction(db, async (tx) => {
    await replaceFingerprint(tx, secret, at);
    await deleteIdempotencyRecords(tx);
    await deleteKeptPosts(tx);
    return { totp_factors_count: await deleteTotpFactors(tx), session_keys_count: await removeSessionKeys(tx) };
  });
}
