import { sealKeysOf } from '#platform/security/link-keys';
import type { Tx } from '#platform/db/database';

/**
 * Encrypts keys of roles that an earlier version stored in plain text; returns the number of rows, at most `row_max`.
 * Idempotent: an encrypted row has a hash next to each key, so a repeated call skips it.
 */
export async function sealClearRoleKeys(tx: Tx, row_max: number): Promise<number> {
  const rows = await tx
    .selectFrom('roles')
    .select(['id', 'grant_key', 'request_key'])
    .where((eb) =>
      eb.or([
        eb.and([eb('grant_key', 'is not', null), eb('grant_key_hash', 'is', null)]),
        eb.and([eb('request_key', 'is not', null), eb('request_key_hash', 'is', null)]),
      ]),
    )
    .orderBy('id')
    .limit(row_max)
    .forUpdate()
    .execute();
  for (const { id, ...keys } of rows)
    await tx.updateTable('roles').set(sealKeysOf(keys)).where('id', '=', id).execute();
  return rows.length;
}
