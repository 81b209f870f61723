import type { Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';

/** Leaves the name of a personal profile to its user alone, so that another profile can be made under it. */
export async function detachProfile(tx: Tx, profile_id: ProfileId): Promise<void> {
  await tx
    .updateTable('names')
    .set({ profile_id: null })
    .where('profile_id', '=', profile_id)
    .where('user_id', 'is not', null)
    .execute();
}
