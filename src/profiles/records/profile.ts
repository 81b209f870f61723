import type { ProfileId, UserId } from '#platform/db/db-schema';

/** Who subscribes, is billed and, when a provider, sells. A personal profile is a user's own; others are organizations. */
export interface Profile {
  id: ProfileId;
  slug: string;
  /** The user who is the profile; null for an organization. Set when the profile is made, never inferred from names. */
  personal_user_id: UserId | null;
  full_name: string;
  email: string;
  phone: string;
  street_address: string;
  locality: string;
  region: string;
  postal_code: string;
  /** ISO 3166-1 alpha-2, or empty. */
  country: string;
  /** IANA name. */
  default_timezone: string;
  picture: string | null;
  is_active: boolean;
  is_provider: boolean;
  is_bulk_buyer: boolean;
  is_processor: boolean;
  extra: string | null;
  created_at: Date;
  /** Address whose owner the profile waits for, which has no manager until then; null for every other profile. */
  invited_email: string | null;
  invited_as: string | null;
  /** Provider that made a waiting profile. */
  invited_by_profile_id: ProfileId | null;
}

/** `user` is a login without a profile; it appears in searches only. */
export type ProfileType = 'personal' | 'organization' | 'user';

export function profileType(profile: Pick<Profile, 'personal_user_id'>): 'personal' | 'organization' {
  return profile.personal_user_id === null ? 'organization' : 'personal';
}

export function profileName(profile: Pick<Profile, 'full_name' | 'slug'>): string {
  return profile.full_name === '' ? profile.slug : profile.full_name;
}

/** The slug that an archived profile is left with; nobody else may take one like it. */
export function archiveSlug(id: ProfileId): string {
  return `_archive_${id}`;
}

export function isArchiveSlug(slug: string): boolean {
  return /^_archive_/i.test(slug);
}

/** The fields that people may change on a profile, besides its slug. */
export interface ProfileFields {
  full_name: string;
  email: string;
  phone: string;
  street_address: string;
  locality: string;
  region: string;
  postal_code: string;
  country: string;
  default_timezone: string;
  picture: string | null;
  is_provider: boolean;
  is_bulk_buyer: boolean;
  extra: string | null;
}

export type FieldChanges = Record<string, { pre: string; post: string }>;

const told: [field: keyof ProfileFields, label: string][] = [
  ['full_name', 'Full name'],
  ['email', 'E-mail address'],
  ['phone', 'Phone number'],
  ['street_address', 'Street address'],
  ['locality', 'City'],
  ['region', 'State or province'],
  ['postal_code', 'Postal code'],
  ['country', 'Country'],
  ['is_bulk_buyer', 'GroupBuy'],
  ['is_provider', 'Provider'],
  ['default_timezone', 'Time zone'],
];

/** Lists what differs between two versions of a profile, in words for the people who watch over it. */
export function describeProfileChanges(
  before: ProfileFields & { slug: string },
  after: ProfileFields & { slug: string },
): FieldChanges {
  const changes: FieldChanges = {};
  if (before.slug !== after.slug) changes['Slug'] = { pre: before.slug, post: after.slug };
  for (const [field, label] of told) {
    if (before[field] !== after[field]) changes[label] = { pre: inWords(before[field]), post: inWords(after[field]) };
  }
  return changes;
}

/** What a provider may change on a subscriber; every other field identifies the subscriber or its addresses. */
const open_to_providers: ReadonlySet<string> = new Set(['default_timezone', 'extra']);

/** Lists the fields that a provider must not change and that differ from the present values. */
export function findFieldsProtectedFromProviders(
  before: ProfileFields & { slug: string },
  wanted: Partial<ProfileFields & { slug: string }>,
): string[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    const present = before[name as keyof typeof before]; // `wanted` is a part of the same type
    return open_to_providers.has(name) || value === present ? [] : name;
  });
}

/** Says whether a change deserves a mail: filling in what was empty does not. */
export function isNoteworthy(changes: FieldChanges): boolean {
  return Object.values(changes).some((change) => change.pre !== '');
}

function inWords(value: string | boolean | null): string {
  if (typeof value === 'boolean') return value ? 'enabled' : 'disabled';
  return value ?? '';
}
