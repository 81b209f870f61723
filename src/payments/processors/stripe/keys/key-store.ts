import type { Reader, Tx } from '#platform/db/database';
import { linkKeyHash, openLinkKey, sealLinkKey, UNREADABLE_KEY } from '#platform/security/link-keys';
import { STRIPE } from '../stripe-needs.ts';

/** Keys of one account and mode at Stripe. */
export interface StripeKeys {
  secret_key: string;
  publishable_key: string;
}

/** Keys that replace those of the settings since an instant. */
export interface StoredKeys extends StripeKeys {
  set_at: Date;
}

/** A sealed key of a link that is copied here does not open, nor the other way round. */
const PURPOSE = 'stripe_secret_key';

/**
 * Finds the keys that replace those of the settings; undefined if none do, or they cannot be opened. A key of the
 * settings that was changed since is the newer one.
 */
export async function findStoredKeys(reader: Reader, configured: string): Promise<StoredKeys | undefined> {
  const row = await reader
    .selectFrom('processor_keys')
    .select(['secret_key', 'publishable_key', 'replaces_hash', 'set_at'])
    .where('processor', '=', STRIPE)
    .executeTakeFirst();
  // After a change of the master key the hash differs too: the sealed key cannot be opened.
  if (row?.replaces_hash !== linkKeyHash(configured)) return undefined;
  const secret_key = openKey(row.secret_key);
  const { publishable_key, set_at } = row;
  return secret_key === null ? undefined : { secret_key, publishable_key, set_at };
}

/** Stores keys that replace those of the settings, the secret one sealed. */
export async function storeKeys(tx: Tx, keys: StripeKeys, configured: string, at: Date): Promise<void> {
  const row = {
    secret_key: sealLinkKey(keys.secret_key, PURPOSE),
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

/** Opens a stored key; null if it cannot be opened. Keys that were stored earlier are sealed as the key of a link. */
function openKey(sealed: string): string | null {
  for (const key of [openLinkKey(sealed, PURPOSE), openLinkKey(sealed)]) if (key !== UNREADABLE_KEY) return key;
  return null;
}
