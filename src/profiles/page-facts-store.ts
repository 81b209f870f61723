import { sql } from 'kysely';
import { selectUsers, type User } from '#accounts';
import { builtOnce, pointRead } from '#platform/db/built-once';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { activeRoleCondition } from './records/index.ts';

/** A profile as the frame of pages shows it. */
export interface FrameRow {
  id: ProfileId;
  slug: string;
  full_name: string;
  picture: string | null;
  is_personal: boolean;
  is_provider: boolean;
  timezone: string;
}

/** The signed-in user with the profiles of its roles. */
export interface FrameUserRow extends Pick<
  User,
  'username' | 'full_name' | 'nick_name' | 'email' | 'picture' | 'lang'
> {
  /** The first `max` active profiles: the own personal profile, then by name. */
  profiles: FrameRow[];
  /** Every profile with a role in effect. */
  profile_ids: ProfileId[];
}

const frameUser = builtOnce((reader, user_id: UserId, max: number) => {
  const caller = selectUsers(reader).where('users.id', '=', user_id);
  const query = sql<FrameUserRow>`
    with held as materialized (
      select distinct r.profile_id from roles r where r.user_id = ${user_id} and ${activeRoleCondition('r')}
    ), shown as (
      select p.id, p.slug, p.full_name, p.picture, p.personal_user_id is not null as is_personal, p.is_provider,
        p.default_timezone as timezone, row_number() over (
          order by coalesce(p.personal_user_id = ${user_id}, false) desc, p.full_name, p.id
        ) as place
      from held join profiles p on p.id = held.profile_id
      where p.is_active
    )
    select caller.username, caller.full_name, caller.nick_name, caller.email, caller.picture, caller.lang,
      coalesce((
        select json_agg(json_build_object('id', id, 'slug', slug, 'full_name', full_name, 'picture', picture,
          'is_personal', is_personal, 'is_provider', is_provider, 'timezone', timezone) order by place)
        from shown where place <= ${max}
      ), '[]') as profiles,
      array(select profile_id from held) as profile_ids
    from (${caller}) as caller`;
  return { compile: () => query.compile(reader) };
});

/**
 * Finds the user and the profiles of the frame in one statement; undefined for a deleted user. Index: roles_user_id.
 */
export async function findFrameUser(reader: Reader, user_id: UserId, max: number): Promise<FrameUserRow | undefined> {
  const [row] = await frameUser(reader, user_id, max);
  return row;
}

const frameProfile = pointRead((reader, slug: string) =>
  reader
    .selectFrom('profiles')
    .select(['id', 'slug', 'full_name', 'picture', 'is_provider', 'default_timezone as timezone'])
    .select(sql<boolean>`personal_user_id is not null`.as('is_personal'))
    .where('slug', '=', slug),
);

/** Finds a profile by its slug in lower case. Index: the unique slugs. */
export async function findFrameProfile(reader: Reader, slug: string): Promise<FrameRow | undefined> {
  const [row] = await frameProfile(reader, slug);
  return row;
}
