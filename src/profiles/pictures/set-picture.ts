import { commonProblems } from '#kernel/problem';
import { updateUserFromProfile } from '#accounts';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { paths } from '#platform/http/paths';
import { randomKey40 } from '#platform/security/crypto';
import type { Throttle } from '#platform/security/throttle';
import { profileProblems } from '../problems.ts';
import { pictureLimit } from '../rate-limits.ts';
import { findPersonalProfile, lockProfile, updateProfileRow } from '../records/index.ts';
import { convertPicture } from './picture.ts';
import { insertPicture } from './picture-store.ts';

/** Whose picture a request changes, as the guard of the route found it. */
export interface PictureOwner {
  user_id: UserId | null;
  profile_id: ProfileId | null;
}

/**
 * Stores a picture and shows it for a profile, or for a user. A user and the personal profile have one picture. The
 * picture that was shown before is deleted by the database. Returns the absolute address.
 *
 * @throws picture_too_large (413) · picture_unreadable (415) · too_many_requests (429)
 */
export async function setPicture(
  ctx: Context,
  throttle: Throttle,
  owner: PictureOwner,
  file: Uint8Array,
): Promise<string> {
  await throttle.take(pictureLimit, `${owner.profile_id ?? ''}/${owner.user_id ?? ''}`);
  const bytes = await convertPicture(file);
  if (typeof bytes === 'string') throw profileProblems[bytes]();
  const key = randomKey40();
  const location = `${ctx.origin}${paths.picture(key)}`;
  await inTransaction(ctx.db, async (tx) => {
    await insertPicture(tx, { key, bytes, created_at: ctx.clock.now() });
    await showPicture(tx, owner, location);
  });
  return location;
}

/** Removes the picture of a profile or a user. */
export async function removePicture(ctx: Context, owner: PictureOwner): Promise<void> {
  await inTransaction(ctx.db, async (tx) => showPicture(tx, owner, null));
}

async function showPicture(tx: Tx, { user_id, profile_id }: PictureOwner, picture: string | null): Promise<void> {
  const personal = profile_id === null && user_id !== null ? await findPersonalProfile(tx, user_id) : undefined;
  const shown_id = profile_id ?? personal?.id;
  if (shown_id === undefined) {
    if (user_id === null) throw commonProblems.not_found();
    await updateUserFromProfile(tx, user_id, { picture });
    return;
  }
  const profile = await lockProfile(tx, shown_id);
  // Archived after the guard of the route found it.
  if (!profile.is_active) throw commonProblems.not_found();
  await updateProfileRow(tx, profile.id, { picture });
  if (profile.personal_user_id !== null) await updateUserFromProfile(tx, profile.personal_user_id, { picture });
}
