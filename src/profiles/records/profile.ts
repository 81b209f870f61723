import type { ProfileId, UserId } from '#platform/db/db-schema';

/**
 * A party that subscribes and is billed; a provider also sells. Either the personal profile of a user or an
 * organization.
 */
export interface Profile {
  id: ProfileId;
  slug: string;
  /** User of a personal profile; null for an organization. Never inferred from names. */
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
  /** True if providers may charge the card on file when they change a subscription of the profile. */
  allow_provider_charges: boolean;
  extra: string | null;
  created_at: Date;
  /** Address whose owner has not claimed the profile yet; such a profile has no manager. Null for other profiles. */
  invited_email: string | null;
  invited_as: string | null;
  /** Provider that created the profile for `invited_email`. */
  invited_by_profile_id: ProfileId | null;
}

/** `user` is a login without a profile; only searches return it. */
export type ProfileType = 'personal' | 'organization' | 'user';

export function profileType(profile: Pick<Profile, 'personal_user_id'>): 'personal' | 'organization' {
  return profile.personal_user_id === null ? 'organization' : 'personal';
}

export function profileName(profile: Pick<Profile, 'full_name' | 'slug'>): string {
  return profile.full_name === '' ? profile.slug : profile.full_name;
}

/** Returns the slug of an archived profile. No other profile can take a slug of this form. */
export function formatArchiveSlug(id: ProfileId): string {
  return `_archive_${id}`;
}

export function isArchiveSlug(slug: string): boolean {
  return /^_archive_/i.test(slug);
}

/** Fields of a profile that a request can change, without the slug. */
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

/** Fields whose changes `profile_updated` reports, with their labels. */
const reported_fields: [field: keyof ProfileFields, label: string][] = [
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

/** Returns the former and the new value of each field that differs, as text by label. */
export function describeProfileChanges(
  before: ProfileFields & { slug: string },
  after: ProfileFields & { slug: string },
): FieldChanges {
  const changes: FieldChanges = {};
  if (before.slug !== after.slug) changes['Slug'] = { pre: before.slug, post: after.slug };
  for (const [field, label] of reported_fields) {
    if (before[field] !== after[field]) changes[label] = { pre: toText(before[field]), post: toText(after[field]) };
  }
  return changes;
}

/** Fields that a provider can change on the profile of a subscriber; the others identify the subscriber. */
const open_to_providers: ReadonlySet<string> = new Set(['default_timezone', 'extra']);

/** Returns the fields of `wanted` that differ from the present values and that a provider cannot change. */
export function findFieldsProtectedFromProviders(
  before: ProfileFields & { slug: string },
  wanted: Partial<ProfileFields & { slug: string }>,
): string[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    const present = before[name as keyof typeof before]; // `wanted` is a part of the same type
    return open_to_providers.has(name) || value === present ? [] : name;
  });
}

/** True if a field that had a value changed; filling in empty fields sends no message. */
export function isNoteworthy(changes: FieldChanges): boolean {
  return Object.values(changes).some((change) => change.pre !== '');
}

function toText(value: string | boolean | null): string {
  if (typeof value === 'boolean') return value ? 'enabled' : 'disabled';
  return value ?? '';
}
