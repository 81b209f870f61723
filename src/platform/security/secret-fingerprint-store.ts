import { createHmac } from 'node:crypto';
import { deriveKey } from './crypto.ts';
import type { Db, Reader, Tx } from '../db/database.ts';

/** Returns a keyed hash that identifies the master key without revealing it. */
function fingerprintOf(secret: string): string {
  return createHmac('sha256', deriveKey(secret, 'fingerprint')).update('tollgate master key').digest('hex');
}

/**
 * True if the database belongs to this master key. The first key is stored. When nodes start concurrently with
 * different keys, the primary key admits one of them.
 */
export async function isSecretOfDatabase(db: Db, secret: string, at: Date): Promise<boolean> {
  const fingerprint = fingerprintOf(secret);
  if ((await findFingerprint(db)) === undefined)
    await db
      .insertInto('secret_fingerprints')
      .values({ fingerprint, created_at: at })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  return (await findFingerprint(db)) === fingerprint;
}

async function findFingerprint(reader: Reader): Promise<string | undefined> {
  const row = await reader.selectFrom('secret_fingerprints').select('fingerprint').executeTakeFirst();
  return row?.fingerprint;
}

/**
 * Makes this master key the key of the database. The caller removes values sealed with another key in the same
 * transaction.
 */
export async function replaceFingerprint(tx: Tx, secret: string, at: Date): Promise<void> {
  await tx.deleteFrom('secret_fingerprints').execute();
  await tx
    .insertInto('secret_fingerprints')
    .values({ fingerprint: fingerprintOf(secret), created_at: at })
    .execute();
}
