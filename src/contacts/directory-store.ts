import { type RawBuilder, sql } from 'kysely';
import { selectUsers, type UserSummary } from '#accounts';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';

export const directoryList = defineList({
  search: { email: 'person.email', username: 'person.slug', full_name: 'person.full_name' },
  sort: {
    full_name: 'person.full_name',
    created_at: 'person.created_at',
    date_joined: 'person.created_at',
    username: 'person.slug',
  },
  default_order: [{ column: 'person.full_name', descending: false }],
  tie_breaker: 'person.slug',
  date: 'person.created_at',
});

/**
 * Lists users, and contacts without a login. Excludes a contact if a user has its slug as username or has verified its
 * address, so that each person is listed once.
 */
export async function listDirectory(reader: Reader, list: ListQuery, url: URL): Promise<Page<UserSummary>> {
  const users = reader
    .selectFrom(selectUsers(reader).as('login'))
    .select(['login.username as slug', 'login.email', 'login.full_name', 'login.picture', 'login.created_at'])
    .where('login.is_active', '=', true);
  const leads = reader
    .selectFrom('contacts')
    .select(['contacts.slug', 'contacts.email', 'contacts.full_name', 'contacts.picture', 'contacts.created_at'])
    .where('contacts.user_id', 'is', null)
    // Two conditions instead of one with `or`, so that each uses its own index.
    .where(({ not, exists }) => not(exists(selectLogins(reader, sql<boolean>`login.username = contacts.slug`))))
    .where(({ not, exists }) =>
      not(
        exists(
          selectLogins(
            reader,
            sql<boolean>`login.email_verified_at is not null and lower(login.email) = lower(contacts.email)`,
          ),
        ),
      ),
    );
  const people = reader.selectFrom(users.unionAll(leads).as('person')).selectAll('person');
  const page = await listPage(people, directoryList, list, url);
  return {
    ...page,
    results: page.results.map(({ slug, full_name, picture }) => ({
      slug,
      username: slug,
      printable_name: full_name === '' ? slug : full_name,
      picture,
    })),
  };
}

function selectLogins(reader: Reader, where: RawBuilder<boolean>) {
  return reader
    .selectFrom(selectUsers(reader).as('login'))
    .select(sql`1`.as('one'))
    .where(where);
}
