import { type RawBuilder, sql } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import type { ProfileView } from './profile-summary.ts';
import { selectCountOf } from '#platform/lists/row-count-store';
import { matchesProfile } from './profile-text-store.ts';
import { selectProfileViews, toProfileView } from './profile-view-store.ts';
import { activeRoleCondition } from './role-store.ts';
import { MANAGER } from './role-type.ts';

export const profileList = defineList({
  search: {
    slug: 'profiles.slug',
    full_name: 'profiles.full_name',
    email: 'profiles.email',
    phone: 'profiles.phone',
    street_address: 'profiles.street_address',
    locality: 'profiles.locality',
    region: 'profiles.region',
    postal_code: 'profiles.postal_code',
    country: 'profiles.country',
    // The slug of a personal profile is the username of its user.
    username: sql<string>`case when profiles.personal_user_id is not null then profiles.slug end`,
    first_name: sql<string>`split_part(profiles.full_name, ' ', 1)`,
    last_name: sql<string>`substring(profiles.full_name from position(' ' in profiles.full_name) + 1)`,
  },
  implied: ['username', 'first_name', 'last_name'],
  sort: { full_name: 'profiles.full_name', created_at: 'profiles.created_at', slug: 'profiles.slug' },
  default_order: [{ column: 'profiles.full_name', descending: false }],
  tie_breaker: 'profiles.id',
  date: 'profiles.created_at',
  candidates: (matches) => sql`select profiles.id from profiles where ${matchesProfile(matches)}`,
});

/** Kinds by which profiles are listed. A provider is of one of the other kinds too. */
export type ProfileKind = 'personal' | 'organization' | 'provider';

const kind_conditions: Readonly<Record<ProfileKind, RawBuilder<boolean>>> = {
  personal: sql<boolean>`profiles.personal_user_id is not null`,
  organization: sql<boolean>`profiles.personal_user_id is null`,
  provider: sql<boolean>`profiles.is_provider`,
};

/** Lists the profiles of the site; archived profiles only with `include_inactive`. `kind` restricts the list. */
export async function listProfiles(
  reader: Reader,
  options: { include_inactive: boolean; kind?: ProfileKind | null },
  list: ListQuery,
  url: URL,
): Promise<Page<ProfileView>> {
  const all = selectProfileViews(reader);
  const { kind = null } = options;
  const query = (options.include_inactive ? all : all.where('profiles.is_active', '=', true)).$if(
    kind !== null,
    (each) => each.where(kind_conditions[kind ?? 'personal']),
  );
  const is_bounded = kind !== null || list.start_at !== null || list.ends_at !== null;
  const count = is_bounded ? null : selectCountOf(options.include_inactive ? 'profiles' : 'profiles_active');
  const page = await listPage(reader, query, profileList, list, url, { count });
  return { ...page, results: page.results.map(toProfileView) };
}

/** Lists the active profiles that a user manages. */
export async function listManagedProfiles(
  reader: Reader,
  user_id: UserId,
  list: ListQuery,
  url: URL,
): Promise<Page<ProfileView>> {
  const query = selectProfileViews(reader)
    .where('profiles.is_active', '=', true)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('roles')
          .innerJoin('role_types', 'role_types.id', 'roles.role_type_id')
          .select('roles.id')
          .whereRef('roles.profile_id', '=', 'profiles.id')
          .where('roles.user_id', '=', user_id)
          .where('role_types.slug', '=', MANAGER)
          .where(activeRoleCondition()),
      ),
    );
  const page = await listPage(reader, query, profileList, list, url);
  return { ...page, results: page.results.map(toProfileView) };
}
