import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { findProviderCharges, updateProviderCharges } from '#profiles';
import { findManagedProfiles } from '#subscriptions';

/** Returns whether providers may charge the card of a profile when they change a subscription for it. */
export async function readProviderCharges(ctx: Context, { profile_id }: Pick<Subject, 'profile_id'>): Promise<boolean> {
  const is_allowed = profile_id === null ? undefined : await findProviderCharges(ctx.db, profile_id);
  if (is_allowed === undefined) throw commonProblems.not_found();
  return is_allowed;
}

/**
 * True if the caller may give that consent: a manager of the profile itself, also one who manages the broker too. A
 * provider or the broker who could give it would allow its own charges.
 */
export async function mayAllowCharges(ctx: Context, { profile_id, is_manager }: Subject): Promise<boolean> {
  if (profile_id === null || !is_manager) return false;
  return (await findManagedProfiles(ctx.db, ctx)).managed.has(profile_id);
}

/**
 * Gives or takes back the consent.
 * @throws permission_denied (403), not_found (404)
 */
export async function setProviderCharges(ctx: Context, subject: Subject, is_allowed: boolean): Promise<void> {
  const { profile_id } = subject;
  if (profile_id === null) throw commonProblems.not_found();
  if (!(await mayAllowCharges(ctx, subject))) throw commonProblems.permission_denied();
  await inTransaction(ctx.db, (tx) => updateProviderCharges(tx, profile_id, is_allowed));
}
