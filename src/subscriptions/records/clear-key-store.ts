import type { Tx } from '#platform/db/database';
import { sealClearKeysIn } from '#platform/security/clear-key-store';

/**
 * Encrypts keys of at most `rows_max` subscriptions that an earlier version stored as plain text; returns the number
 * changed.
 */
export async function sealClearSubscriptionKeys(tx: Tx, rows_max: number): Promise<number> {
  return sealClearKeysIn(tx, 'subscriptions', rows_max);
}
