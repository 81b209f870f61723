import { type Expression, type RawBuilder, sql } from 'kysely';
import { selectNamedUsers, selectUsers, type UserSummary } from '#accounts';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import { defineList, limitToEnd, limitToPage, listPage, sortRows } from '#platform/db/list';
import type { TextMatch } from '#platform/lists/list-search';
import { selectCountOf } from '#platform/lists/row-count-store';

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
  // Indexes: users_text, contacts_text, users_username, contacts_slug_key.
  candidates: (matches) => sql`${selectNamedUsers(matches, 'username')} union all ${selectNamedContacts(matches)}`,
});

/** Kinds of people of the directory: with and without a login. */
export type PersonKind = 'user' | 'contact';

/** A row of the directory. */
export interface DirectoryPerson {
  slug: string;
  full_name: string;
  email: string | null;
  picture: string | null;
  has_login: boolean;
  created_at: Date;
}

/** Lists users and contacts as the API presents them. */
export async function listDirectory(reader: Reader, list: ListQuery, url: URL): Promise<Page<UserSummary>> {
  const page = await listPeople(reader, list, url, null);
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

/**
 * Lists users, and contacts without a login. Excludes a contact if a user has its slug as username or has verified its
 * address (`contacts.is_listed`), so that each person is listed once. `kind` restricts the list to one of both.
 */
export async function listPeople(
  reader: Reader,
  list: ListQuery,
  url: URL,
  kind: PersonKind | null,
): Promise<Page<DirectoryPerson>> {
  const users = reader
    .selectFrom(selectUsers(reader).as('login'))
    .select(['login.username as slug', 'login.email', 'login.full_name', 'login.picture', 'login.created_at'])
    .select(sql<boolean>`true`.as('has_login'))
    // No parameter: the partial index users_full_name needs the condition.
    .where(sql<boolean>`login.is_active`);
  const leads = reader
    .selectFrom('contacts')
    .select(['contacts.slug', 'contacts.email', 'contacts.full_name', 'contacts.picture', 'contacts.created_at'])
    .select(sql<boolean>`false`.as('has_login'))
    .where(sql<boolean>`contacts.is_listed`);
  if (kind !== null) {
    const only = reader.selectFrom((kind === 'user' ? users : leads).as('person')).selectAll('person');
    return listPage(reader, only, directoryList, list, url);
  }
  const people = reader.selectFrom(users.unionAll(leads).as('person')).selectAll('person');
  // The first and last rows of both kinds contain those of all; each kind has its own indexes.
  const merge = (limit: (kind: typeof people) => typeof people): typeof people => {
    const [some, more] = [users, leads].map((kind) => limit(reader.selectFrom(kind.as('person')).selectAll('person')));
    if (!some || !more) return people;
    return reader
      .selectFrom(
        reader
          .selectFrom(some.as('some'))
          .selectAll('some')
          .unionAll(reader.selectFrom(more.as('more')).selectAll('more'))
          .as('person'),
      )
      .selectAll('person');
  };
  const first = merge((kind) => limitToPage(kind, directoryList, list));
  const last = (rows_count: Expression<number>) => merge((kind) => limitToEnd(kind, directoryList, list, rows_count));
  const ordered = (reversed: boolean) => merge((kind) => sortRows(kind, directoryList, list, reversed));
  const is_bounded = list.start_at !== null || list.ends_at !== null;
  const count = is_bounded ? null : selectCountOf('users_active', 'contacts_listed');
  return listPage(reader, people, directoryList, list, url, { count, first, last, ordered });
}

/** Selects the slugs of the contacts that have a term in their names or their address. */
function selectNamedContacts(matches: TextMatch): RawBuilder<unknown> {
  const text = sql`contacts.slug || ' ' || contacts.full_name || ' ' || coalesce(contacts.email, '')`;
  return sql`select contacts.slug from contacts where ${matches(text)}`;
}
