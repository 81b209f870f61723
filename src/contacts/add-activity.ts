import { findUserByUsername } from '#accounts';
import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { requireQuota } from '#platform/security/quota';
import { findProfileBySlug } from '#profiles';
import { type Activity, countActivities, insertActivity } from './activity-store.ts';
import { contactProblems } from './problems.ts';
import { activitiesQuota } from './quotas.ts';
import { findOrCreateContact } from './record-contact.ts';

/**
 * Records a note about a contact, and about a profile if `account` names one.
 *
 * @throws contact_unknown (404) · invalid_input (400) naming `account` · quota_exceeded (409)
 */
export async function addActivity(
  ctx: Context,
  name: string,
  input: { text?: string | undefined; account: string | null },
): Promise<Activity> {
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const user = await findUserByUsername(tx, name);
    const contact = await findOrCreateContact(tx, name, user, at);
    if (!contact) throw contactProblems.contact_unknown();
    requireQuota(activitiesQuota, await countActivities(tx, contact.id));
    const profile = input.account === null ? null : await findProfileBySlug(tx, input.account);
    if (profile === undefined) throw invalidInput({ account: ['There is no such profile.'] });
    const created_by = actorId(ctx);
    const note = { contact_id: contact.id, profile_id: profile?.id ?? null, created_by, text: input.text ?? '' };
    return insertActivity(tx, note, at);
  });
}
