import type { ProfileId, RoleTypeId } from '#platform/db/db-schema';

/** A kind of role. Global ones belong to no profile and every profile may use them. */
export interface RoleType {
  id: RoleTypeId;
  /** Unique on the whole site, so that an access rule can name it. */
  slug: string;
  profile_id: ProfileId | null;
  title: string;
  skip_optin_on_grant: boolean;
  implicit_create_on_none: boolean;
  otp_required: boolean;
  extra: string | null;
  created_at: Date;
}

/** The type whose holders may do everything on a profile. */
export const MANAGER = 'manager';
/** The type whose holders may read everything on a profile. */
export const CONTRIBUTOR = 'contributor';

/** Says whether the site cannot do without a type: managers would lose their profiles with it. */
export function isBuiltIn(type: Pick<RoleType, 'slug' | 'profile_id'>): boolean {
  return type.profile_id === null && (type.slug === MANAGER || type.slug === CONTRIBUTOR);
}

export function isGlobal(type: Pick<RoleType, 'profile_id'>): boolean {
  return type.profile_id === null;
}

/** The slugs under which a role in a URL is looked up, in order: as written, then without one final `s`. */
export function roleSlugCandidates(text: string): string[] {
  const literal = text.toLowerCase();
  return literal.length > 1 && literal.endsWith('s') ? [literal, literal.slice(0, -1)] : [literal];
}

/**
 * Says whether a grant of this type takes effect without the user's consent.
 *
 * Why only global types: a local one is made by the profile's own manager, who could otherwise tie anybody to the profile.
 * Why not for an unproven address: whoever typed it at registration would get what is meant for its owner.
 * @see spec/identity.md 16.1
 */
export function skipsConsent(
  type: Pick<RoleType, 'slug' | 'profile_id' | 'skip_optin_on_grant'>,
  options: { is_own_personal_profile: boolean; is_unproven: boolean },
): boolean {
  if (options.is_unproven) return false;
  if (options.is_own_personal_profile && isGlobal(type) && type.slug === MANAGER) return true;
  return isGlobal(type) && type.skip_optin_on_grant;
}
