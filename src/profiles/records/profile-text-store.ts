import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { TextMatch } from '#platform/lists/list-search';

// The texts are those of `create_text_indexes`, character for character.
const names = sql`profiles.slug || ' ' || profiles.full_name`;
const address = sql`profiles.email || ' ' || profiles.phone || ' ' || profiles.street_address || ' ' || profiles.locality
  || ' ' || profiles.region || ' ' || profiles.postal_code || ' ' || profiles.country`;

/**
 * Condition that the names or the address of a profile contain a term.
 *
 * Indexes: profiles_names_text, profiles_address_text.
 */
export function matchesProfile(matches: TextMatch): RawBuilder<SqlBool> {
  return sql<SqlBool>`(${matches(names)} or ${matches(address)})`;
}

/** Selects the ids of the profiles whose slug or name contains a term, for searches of lists of other rooms. */
export function selectNamedProfiles(matches: TextMatch): RawBuilder<unknown> {
  return sql`select profiles.id from profiles where ${matches(names)} offset 0`;
}

/** Selects the ids of the profiles that have a term in their names or their address. */
export function selectMatchingProfiles(matches: TextMatch): RawBuilder<unknown> {
  return sql`select profiles.id from profiles where ${matchesProfile(matches)} offset 0`;
}

/** The profiles by a field, for lists that sort by it (`SortKeys`). Each field has an index. */
export const profile_keys = {
  slug: keysBy('slug'),
  full_name: keysBy('full_name'),
  email: keysBy('email'),
  phone: keysBy('phone'),
  street_address: keysBy('street_address'),
  locality: keysBy('locality'),
  region: keysBy('region'),
  postal_code: keysBy('postal_code'),
  country: keysBy('country'),
} as const;

function keysBy(field: string): RawBuilder<unknown> {
  return sql`(select profiles.id, ${sql.ref(`profiles.${field}`)} as value from profiles)`;
}
