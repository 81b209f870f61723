import type { FastifyRequest } from 'fastify';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { getBroker, isBrokerManager, listProfiles, profileName, type ProfileView } from '#profiles';
import { type DirectoryPerson, listPeople } from '../directory-store.ts';
import { accountPages } from './account-pages.ts';
import { describeProfile } from './describe-profile.ts';
import { accountList, accountsPage, contactsPage, personList } from './page-types.ts';
import { newContactPages } from './new-contact-pages.ts';
import { personPages } from './person-pages.ts';

const tabs = { accounts: paths.accounts(), contacts: paths.contacts() };

/** The lists of all profiles and of all people of the site with their files, for the broker. */
export function directoryPages(app: App): void {
  const config = { access: { kind: 'broker' }, page: true } as const;
  const options = { config, schema: { hide: true } } as const;
  app.get('/activities/', options, async (_request, reply) => reply.redirect(paths.accounts(), 302));
  app.get('/activities/accounts/', options, async (request, reply) =>
    reply.page(accountsPage, await viewAccounts(request)),
  );
  app.get('/activities/download/accounts/', options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const asked = askList(request, accountList, await timezoneOf(request));
    const { kind } = asked.filters;
    const read = (list: typeof asked.list) => listProfiles(ctx.db, { include_inactive: false, kind }, list, listUrl);
    return sendCsv(reply, csvOfPages(asked, { name: 'profiles', columns: account_columns, read }));
  });
  app.get('/activities/contacts/', options, async (request, reply) =>
    reply.page(contactsPage, await viewPeople(request)),
  );
  app.get('/activities/download/contacts/', options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const asked = askList(request, personList, await timezoneOf(request));
    const read = (list: typeof asked.list) => listPeople(ctx.db, list, listUrl, asked.filters.kind);
    return sendCsv(reply, csvOfPages(asked, { name: 'people', columns: person_columns, read }));
  });
  accountPages(app);
  personPages(app);
  newContactPages(app);
}

async function timezoneOf({ ctx }: FastifyRequest): Promise<string> {
  return (await getBroker(ctx.db, ctx.site)).default_timezone;
}

async function viewAccounts(request: FastifyRequest): Promise<(typeof accountsPage)['samples']['typical']> {
  const { ctx, listUrl } = request;
  const asked = askList(request, accountList, await timezoneOf(request));
  const { kind } = asked.filters;
  const page = await listProfiles(ctx.db, { include_inactive: false, kind }, asked.list, listUrl);
  const list = viewList(asked, {
    count: page.count,
    empty: { title: 'Profiles will be listed here', text: 'No profile was registered yet.' },
    csv_path: paths.accountsDownload(),
  });
  const rows = page.results.map((profile) => ({
    href: paths.accounts(profile.slug, list.list_url),
    name: profileName(profile),
    slug: profile.slug,
    email: profile.email,
    picture: profile.picture,
    kind: describeProfile(profile),
    created_at: profile.created_at.toISOString(),
  }));
  return { rows, list, tabs };
}

async function viewPeople(request: FastifyRequest): Promise<(typeof contactsPage)['samples']['typical']> {
  const { ctx, listUrl, subject } = request;
  const asked = askList(request, personList, await timezoneOf(request));
  const page = await listPeople(ctx.db, asked.list, listUrl, asked.filters.kind);
  const list = viewList(asked, {
    count: page.count,
    empty: { title: 'People will be listed here', text: 'There is neither a user nor a contact yet.' },
    csv_path: paths.contactsDownload(),
  });
  const rows = page.results.map((person) => ({
    href: paths.contacts(person.slug, list.list_url),
    name: person.full_name || person.slug,
    slug: person.slug,
    email: person.email,
    picture: person.picture,
    kind: person.has_login ? 'Account' : 'Contact',
    created_at: person.created_at.toISOString(),
  }));
  return { rows, list, tabs, add_url: isBrokerManager(subject) ? paths.newContact() : null };
}

const account_columns: readonly CsvColumn<ProfileView>[] = [
  { heading: 'Slug', kind: 'text', value: ({ slug }) => slug },
  { heading: 'Name', kind: 'text', value: profileName },
  { heading: 'Type', kind: 'text', value: describeProfile },
  { heading: 'Email', kind: 'text', value: ({ email }) => email },
  { heading: 'Created at', kind: 'day', value: ({ created_at }) => created_at },
];

const person_columns: readonly CsvColumn<DirectoryPerson>[] = [
  { heading: 'Username', kind: 'text', value: ({ slug }) => slug },
  { heading: 'Name', kind: 'text', value: ({ full_name }) => full_name },
  { heading: 'Email', kind: 'text', value: ({ email }) => email ?? '' },
  { heading: 'Account', kind: 'text', value: ({ has_login }) => (has_login ? 'yes' : 'no') },
  { heading: 'Created at', kind: 'day', value: ({ created_at }) => created_at },
];
