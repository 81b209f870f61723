import type { ProfileId } from '#platform/db/db-schema';
import { extraFromText } from '#platform/http/schemas';
import type { ProfileDetailBody, ProfileSummaryBody } from '../schemas.ts';
import { type Profile, profileName, type ProfileType, profileType } from './profile.ts';

/** Public facts of a profile. */
export interface ProfileSummary {
  id: ProfileId;
  slug: string;
  printable_name: string;
  picture: string | null;
  type: ProfileType;
  /** True if the user of a personal profile has a password; false for organizations. */
  credentials: boolean;
  created_at: Date;
}

/** A profile with facts of its user. */
export interface ProfileView extends Profile {
  credentials: boolean;
  /** User of a personal profile; null for organizations. `called` is the nick name, else the first name. */
  person: { username: string; nick_name: string; called: string; lang: string } | null;
}

/** Reduces a profile to its public facts. */
export function summarizeProfile(
  profile: Pick<Profile, 'id' | 'slug' | 'full_name' | 'picture' | 'personal_user_id' | 'created_at'> & {
    credentials: boolean;
  },
): ProfileSummary {
  return {
    id: profile.id,
    slug: profile.slug,
    printable_name: profileName(profile),
    picture: profile.picture,
    type: profileType(profile),
    credentials: profile.credentials,
    created_at: profile.created_at,
  };
}

export function presentProfileSummary(summary: ProfileSummary): ProfileSummaryBody {
  const { id: _id, created_at, ...rest } = summary;
  return { ...rest, created_at: created_at.toISOString() };
}

/** Presents every field of a profile. The nick name of its user, if any, is the printable name. */
export function presentProfileDetail(view: ProfileView): ProfileDetailBody {
  const { full_name, email, phone, street_address, locality, region, postal_code, country } = view;
  return {
    ...presentProfileSummary(summarizeProfile(view)),
    ...(view.person && view.person.nick_name !== '' ? { printable_name: view.person.nick_name } : {}),
    full_name,
    email,
    phone,
    street_address,
    locality,
    region,
    postal_code,
    country,
    default_timezone: view.default_timezone,
    is_provider: view.is_provider,
    is_bulk_buyer: view.is_bulk_buyer,
    extra: extraFromText(view.extra),
    nick_name: view.person?.called ?? null,
    lang: view.person?.lang ?? null,
  };
}
