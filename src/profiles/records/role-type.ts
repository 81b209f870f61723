import type { ProfileId, RoleTypeId } from '#platform/db/db-schema';

/** Type of a role. A global type belongs to no profile and can be used by every profile. */
export interface RoleType {
  id: RoleTypeId;
  /** Unique in the site, because access rules name types by slug. */
  slug: string;
  profile_id: ProfileId | null;
  title: string;
  skip_optin_on_grant: boolean;
  implicit_create_on_none: boolean;
  otp_required: boolean;
  extra: string | null;
  created_at: Date;
}

/** Slug of the type whose users can read and change a profile. */
export const MANAGER = 'manager';
/** Slug of the type whose users can read a profile. */
export const CONTRIBUTOR = 'contributor';

/** True for the two types that cannot be deleted: without them, managers lose access to their profiles. */
export function isBuiltIn(type: Pick<RoleType, 'slug' | 'profile_id'>): boolean {
  return type.profile_id === null && (type.slug === MANAGER || type.slug === CONTRIBUTOR);
}

export function isGlobal(type: Pick<RoleType, 'profile_id'>): boolean {
  return type.profile_id === null;
}

/** Returns the slugs by which a role in a URL is looked up, in order: as written, then without one final `s`. */
export function parseRoleSlugs(text: string): string[] {
  const literal = text.toLowerCase();
  return literal.length > 1 && literal.endsWith('s') ? [literal, literal.slice(0, -1)] : [literal];
}

/**
 * True if a grant of this type takes effect without the consent of the user.
 *
 * Why only global types: managers create local types, and could otherwise add any user to their profile.
 * Why not for an unverified address: the grant is for the owner of the address, and the user who entered the address
 * may be another person.
 * Source: docs/spec/identity.md 16.1.
 */
export function skipsConsent(
  type: Pick<RoleType, 'slug' | 'profile_id' | 'skip_optin_on_grant'>,
  options: { is_own_personal_profile: boolean; is_unproven: boolean },
): boolean {
  if (options.is_unproven) return false;
  if (options.is_own_personal_profile && isGlobal(type) && type.slug === MANAGER) return true;
  return isGlobal(type) && type.skip_optin_on_grant;
}
