import { commonProblems, invalidInput } from '#kernel/problem';
import { canonicalName, isSlug } from '#kernel/slug';
import { claimName, updateUserFromProfile, isUsername, requireNoApiKey, releaseName } from '#accounts';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import type { Subject } from '#platform/http/guards/access';
import { actorId } from '#platform/actor-id';
import { profileUpdated } from '../events.ts';
import { isBrokerManager } from '../policy.ts';
import { profileProblems } from '../problems.ts';
import {
  describeProfileChanges,
  findFieldsProtectedFromProviders,
  findPersonalProfile,
  isArchiveSlug,
  isNoteworthy,
  lockProfile,
  type Profile,
  type ProfileFields,
  updateProfileRow,
} from '../records/index.ts';
import { requireSameVersion } from '#platform/pages/forms/edit-version';
import { pickDetails } from './profile-form.ts';
import { parseProfileFields, slugTakenProblem } from './create-profile.ts';

export type ProfileUpdate = Partial<Record<keyof ProfileFields | 'slug', unknown>>;

/**
 * Changes the fields of the request. A new slug renames the profile and, for a personal profile, its user. With a
 * `version` of `pickDetails`, a profile that was changed since is not changed.
 *
 * @throws invalid_input (400) · permission_denied (403) for the username of another user · profile_protected (403) for
 * a new slug of the broker or the processor · subscriber_details_protected (403) for a provider of the profile ·
 * edit_conflict (409)
 */
export async function updateProfile(
  ctx: Context,
  profile_id: ProfileId,
  input: ProfileUpdate,
  subject: Subject,
  options: { version?: string } = {},
): Promise<Profile> {
  if (input.email === '' || input.email === null) throw invalidInput({ email: ['This field may not be blank.'] });
  const fields = parseProfileFields(input, { broker: isBrokerManager(subject) });
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const before = await lockProfile(tx, profile_id);
    // Archived after the guard of the route found it.
    if (!before.is_active) throw commonProblems.not_found();
    requireSameVersion(options.version, pickDetails(before));
    const slug = parseNewSlug(input.slug, before);
    if (subject.relation === 'provider')
      requireFieldsOpenToProviders(before, { ...fields, ...(slug === null ? {} : { slug }) });
    if (slug !== null && before.personal_user_id !== null) requireNoApiKey(ctx);
    if (slug !== null && !mayRename(ctx, before, subject)) {
      throw commonProblems.permission_denied({ detail: 'Only the user can change the username.' });
    }
    if (slug !== null) await renameProfile(ctx, tx, before, slug, at);
    const after = await updateProfileRow(tx, profile_id, { ...fields, ...(slug === null ? {} : { slug }) });
    if (after.personal_user_id !== null && after.full_name !== before.full_name) {
      await updateUserFromProfile(tx, after.personal_user_id, { full_name: after.full_name });
    }
    const changes = describeProfileChanges(before, after);
    if (isNoteworthy(changes)) await emit(tx, profileUpdated({ profile_id, changes, originated_by: actorId(ctx) }), at);
    return after;
  });
}

/** @throws subscriber_details_protected (403) naming the fields that a provider cannot change */
function requireFieldsOpenToProviders(before: Profile, wanted: Partial<ProfileFields & { slug: string }>): void {
  const names = findFieldsProtectedFromProviders(before, wanted);
  if (names.length === 0) return;
  throw profileProblems.subscriber_details_protected({
    detail: `Only the subscriber can change the name and the contact details of its profile (${names.join(', ')}).`,
  });
}

/** Parses the new slug; null if it is unchanged. @throws invalid_input (400) naming `slug` */
function parseNewSlug(asked: unknown, profile: Profile): string | null {
  const slug = typeof asked === 'string' ? canonicalName(asked) : '';
  if (slug === '' || slug === profile.slug) return null;
  // The slug of a personal profile is also the username, which must not look like a phone number.
  const isName = profile.personal_user_id === null || isUsername(slug);
  if (!isSlug(slug) || isArchiveSlug(slug) || !isName)
    throw invalidInput({ slug: ['Use letters, digits, - and _ only, 50 at most.'] });
  return slug;
}

/** Only the user and broker managers may rename a personal profile, because its slug is the username. */
function mayRename(ctx: Context, { personal_user_id }: Profile, subject: Subject): boolean {
  return personal_user_id === null || personal_user_id === actorId(ctx) || isBrokerManager(subject);
}

/**
 * Claims the new name for the profile and its user, then releases the old name. The broker keeps its slug: links use
 * it.
 */
async function renameProfile(ctx: Context, tx: Tx, profile: Profile, slug: string, at: Date): Promise<void> {
  if (profile.id === ctx.site.broker_id || profile.is_processor) throw profileProblems.profile_protected();
  const user_id = profile.personal_user_id;
  if (!(await claimName(tx, slug, { profile_id: profile.id, user_id }, at))) throw slugTakenProblem();
  // A name that differs only in case is the same name: it is not released.
  if (slug.toLowerCase() !== profile.slug.toLowerCase()) await releaseName(tx, profile.slug, at);
  if (user_id !== null) await updateUserFromProfile(tx, user_id, { username: slug });
}

/** Renames the personal profile of a user, in the transaction that renames the user. @throws invalid_input (400) */
export async function renamePersonalProfile(tx: Tx, change: { user_id: UserId; to: string }, at: Date): Promise<void> {
  const profile = await findPersonalProfile(tx, change.user_id);
  if (!profile) return;
  if (!isSlug(change.to)) throw invalidInput({ slug: ['Use letters, digits, - and _ only, 50 at most.'] });
  if (!(await claimName(tx, change.to, { profile_id: profile.id, user_id: change.user_id }, at)))
    throw slugTakenProblem();
  await updateProfileRow(tx, profile.id, { slug: change.to });
}
