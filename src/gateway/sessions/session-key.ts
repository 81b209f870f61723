import { randomBytes } from 'node:crypto';
import type { Context } from '#platform/context';
import { deriveKey, open, seal } from '#platform/security/crypto';
import { inTransaction, type Tx } from '#platform/db/database';
import { type Site, updateSite } from '#platform/site';

const bound_to = 'sites.session_key';

/**
 * Replaces the key shared with the upstream and answers it: the only time that it is shown.
 *
 * New sessions are signed with it at once. The former one is kept, sealed, so that a rotation made by mistake can be undone.
 * Units: 256 bits from the CSPRNG, as base64url.
 */
export async function rotateSessionKey(ctx: Context, secret: string): Promise<string> {
  const key = randomBytes(32).toString('base64url');
  await inTransaction(ctx.db, async (tx) => {
    const held = await tx
      .selectFrom('sites')
      .select('session_key_sealed')
      .where('id', '=', ctx.site.id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    await updateSite(tx, ctx.site.id, {
      session_key_sealed: seal(key, sealKey(secret), bound_to),
      session_key_previous_sealed: held.session_key_sealed,
      session_key_rotated_at: ctx.clock.now(),
    });
  });
  return key;
}

/** Opens the key shared with the upstream; a site that never rotated it has one derived from the server's secret. */
export function openSessionKey(site: Pick<Site, 'session_key_sealed'>, secret: string): string {
  if (site.session_key_sealed !== null) return open(site.session_key_sealed, sealKey(secret), bound_to);
  return deriveKey(secret, 'upstream session').toString('base64url');
}

/** Removes the sealed keys of every site, which then has the key derived from the master key. Returns how many sites had one. */
export async function dropSessionKeys(tx: Tx): Promise<number> {
  const sites = await tx
    .selectFrom('sites')
    .select('id')
    .where((eb) => eb.or([eb('session_key_sealed', 'is not', null), eb('session_key_previous_sealed', 'is not', null)]))
    .execute();
  for (const { id } of sites) await updateSite(tx, id, { session_key_sealed: null, session_key_previous_sealed: null });
  return sites.length;
}

/** `secret` is the master key of the deployment; what it seals for one purpose opens nothing else. */
function sealKey(secret: string): Buffer {
  return deriveKey(secret, 'upstream session key at rest');
}
