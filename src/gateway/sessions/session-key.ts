import { randomBytes } from 'node:crypto';
import type { Context } from '#platform/context';
import { deriveKey, open, seal } from '#platform/security/crypto';
import { inTransaction, type Tx } from '#platform/db/database';
import { requireSameVersion } from '#platform/pages/forms/edit-version';
import { findSite, findSitesWithSessionKey, lockSite, type Site, updateSite } from '#platform/site';

const bound_to = 'sites.session_key';

/**
 * Replaces the key shared with the upstream and returns the new one, which is never shown again.
 *
 * New sessions are signed with it immediately. The former key is kept, sealed, so that a rotation can be undone.
 * Units: 256 bits from the CSPRNG, as base64url. Locks: the row of the site.
 *
 * @throws edit_conflict (409) if the key was replaced since a page showed `version`: a form sent twice makes one key
 */
export async function rotateSessionKey(ctx: Context, secret: string, version?: string): Promise<string> {
  const key = randomBytes(32).toString('base64url');
  await inTransaction(ctx.db, async (tx) => {
    const former = await lockSite(tx, ctx.site.id);
    if (version !== undefined) requireSameVersion(version, keyFields((await findSite(tx)) ?? ctx.site));
    await updateSite(tx, ctx.site.id, {
      session_key_sealed: seal(key, sealKey(secret), bound_to),
      session_key_previous_sealed: former.session_key_sealed,
      session_key_rotated_at: ctx.clock.now(),
    });
  });
  return key;
}

/** Returns what changes with the key, for the version of its page. */
export function keyFields({ session_key_rotated_at }: Pick<Site, 'session_key_rotated_at'>) {
  return { session_key_rotated_at };
}

/** Returns the key shared with the upstream: the sealed one, or before a rotation one derived from the master key. */
export function openSessionKey(site: Pick<Site, 'session_key_sealed'>, secret: string): string {
  if (site.session_key_sealed !== null) return open(site.session_key_sealed, sealKey(secret), bound_to);
  return deriveKey(secret, 'upstream session').toString('base64url');
}

/**
 * Removes the sealed keys of every site, which then uses the key derived from the master key.
 * Returns the number of sites that had a sealed key.
 */
export async function removeSessionKeys(tx: Tx): Promise<number> {
  const site_ids = await findSitesWithSessionKey(tx);
  for (const id of site_ids) await updateSite(tx, id, { session_key_sealed: null, session_key_previous_sealed: null });
  return site_ids.length;
}

/** Derives the key for sealing session keys from the master key. */
function sealKey(secret: string): Buffer {
  return deriveKey(secret, 'upstream session key at rest');
}
