import type { Tx } from '#platform/db/database';
import { sealClearKeysIn } from '#platform/security/clear-key-store';

/** Encrypts plain-text keys of at most `rows_max` roles, stored by an earlier version; returns the number changed. */
export async function sealClearRoleKeys(tx: Tx, rows_max: number): Promise<number> {
  return sealClearKeysIn(tx, 'roles', rows_max);
}
