import { onDatabase } from './on-database.ts';

/** Cookie of the session of a person; 43 characters, as random ones have. */
export function cookieOf(person: number): string {
  return `sessionid=${secretOf(person)}`;
}

function secretOf(person: number): string {
  return `bench-${person}-`.padEnd(43, 'x');
}

/**
 * Inserts users `person-<n>`, each with a personal profile that the user manages and a browser session that does not
 * expire during the measurement. The rows are copies of what a registration of `template` stores.
 */
export async function insertPeople(
  database_url: string,
  { template, from, count }: { template: string; from: number; count: number },
): Promise<void> {
  await onDatabase(database_url, async (client) => {
    const secrets = Array.from({ length: count }, (_, index) => secretOf(from + index));
    await client.query(
      `with persons as (
         select 'person-' || n as slug, n from generate_series($1::int, $1::int + $2::int - 1) as n
       ), new_users as (
         insert into users (username, email, full_name, password_hash, created_at)
         select slug, slug || '@example.com', 'Person ' || n, (select password_hash from users where username = $3), now()
         from persons
         returning id, username
       ), new_profiles as (
         insert into profiles (slug, personal_user_id, full_name, email, created_at)
         select username, id, 'Person ' || username, username || '@example.com', now() from new_users
         returning id, slug, personal_user_id
       ), new_names as (
         insert into names (name, user_id, profile_id) select slug, personal_user_id, id from new_profiles
       ), new_roles as (
         insert into roles (user_id, profile_id, role_type_id, accepted_at, created_at)
         select new_profiles.personal_user_id, new_profiles.id, copied.role_type_id, now(), now()
         from new_profiles, (
           select role_type_id from roles join profiles on profiles.id = roles.profile_id where profiles.slug = $3 limit 1
         ) as copied
       )
       insert into sessions
         (id, user_id, kind, secret_hash, created_at, logged_in_at, expires_at, last_seen_at, ip, user_agent)
       select 'bench-session-' || username, id, 'cookie', encode(sha256(convert_to(secret, 'UTF8')), 'hex'),
         now(), now(), now() + interval '1 day', now() + interval '1 hour', '127.0.0.1', 'bench'
       from new_users join unnest($4::text[], $5::text[]) as given (name, secret) on given.name = username`,
      [from, count, template, secrets.map((_, index) => `person-${from + index}`), secrets],
    );
  });
}
