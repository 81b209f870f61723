import type { Reader, Tx } from '#platform/db/database';
import { linkKeyHash, openLinkKey, sealLinkKey } from '#platform/security/link-keys';
import { STRIPE } from '../stripe-needs.ts';

/** Keys of one account and mode at Stripe. */
export interface StripeKeys {
  secret_key: string;
  publishable_key: string;
}

/**
 * Finds the keys that replace those of the settings; undefined if none do. A key of the settings that was changed since
 * is the newer one.
 */
export async function findStoredKeys(reader: Reader, configured: string): Promise<StripeKeys | undefined> {
  const row = await reader
    .selectFrom('processor_keys')
    .select(['secret_key', 'publishable_key', 'replaces_hash'])
    .where('processor', '=', STRIPE)
    .executeTakeFirst();
  if (row?.replaces_hash !== linkKeyHash(configured)) return undefined;
  return { secret_key: openLinkKey(row.secret_key), publishable_key: row.publishable_key };
}

/** Stores keys that replace those of the settings, the secret one sealed. */
export async function storeKeys(tx: Tx, keys: StripeKeys, configured: string, at: Date): Promise<void> {
  const row = {
    secret_key: sealLinkKey(keys.secret_key),
    publishable_key: keys.publishable_key,
    replaces_hash: linkKeyHash(configured),
    set_at: at,
  };
  await tx
    .insertInto('processor_keys')
    .values({ processor: STRIPE, ...row })
    .onConflict((conflict) => conflict.column('processor').doUpdateSet(row))
    .execute();
}
