import { Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { IsoInstant, NullableString } from '#platform/http/schemas';
import { Fact } from '#platform/pages/details/fact';
import { candidates_part } from '#platform/pages/forms/candidates';
import { form_view } from '#platform/pages/forms/form';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { newContactPage } from './new-contact-page-type.ts';
import { accountNoteForm, note_context, personNoteForm } from './note-form.ts';

/** The list of all profiles; its sort fields are those of the API. */
export const accountList = defineListPage({
  noun: ['profile', 'profiles'],
  search: 'Name, user name, e-mail or place',
  columns: {
    full_name: { label: 'Name' },
    slug: { label: 'Short name' },
    created_at: { label: 'Since', descending: true },
  },
  dates: 'Since',
  filters: {
    kind: {
      kind: 'choice',
      label: 'Kind',
      options: [
        { value: 'organization', label: 'Organization' },
        { value: 'personal', label: 'Person' },
        { value: 'provider', label: 'Provider' },
      ],
    },
  },
});

/** The list of all users and contacts; its sort fields are those of the API. */
export const personList = defineListPage({
  noun: ['person', 'people'],
  search: 'Name, user name or e-mail address',
  columns: {
    full_name: { label: 'Name' },
    username: { label: 'User name' },
    created_at: { label: 'Since', descending: true },
  },
  dates: 'Since',
  filters: {
    kind: {
      kind: 'choice',
      label: 'Kind',
      options: [
        { value: 'user', label: 'With an account' },
        { value: 'contact', label: 'Without an account' },
      ],
    },
  },
});

const RowPart = Type.Object({
  href: Type.String(),
  name: Type.String(),
  slug: Type.String(),
  email: NullableString,
  picture: NullableString,
  kind: Type.String(),
  created_at: IsoInstant,
});

const list_parts = {
  rows: Type.Array(RowPart),
  list: ListViewPart,
  /** Address of the other list, beside this one. */
  tabs: Type.Object({ accounts: Type.String(), contacts: Type.String() }),
};

const tabs = { accounts: paths.accounts(), contacts: paths.contacts() };
const created_at = '2026-03-05T10:00:00.000Z';
const account_row = {
  href: paths.accounts('acme'),
  name: 'Acme Incorporated',
  slug: 'acme',
  email: 'billing@acme.example.com',
  picture: null,
  kind: 'Organization',
  created_at,
};
const person_row = {
  href: paths.contacts('xia'),
  name: 'Xia Lee',
  slug: 'xia',
  email: 'xia@example.com',
  picture: null,
  kind: 'Account',
  created_at,
};
const as = { as: 'broker' } as const;

export const accountsPage = definePage(
  'activities/accounts/index.html',
  Type.Object(list_parts),
  {
    typical: {
      rows: [account_row, { ...account_row, name: 'Xia Lee', slug: 'xia', kind: 'Person' }],
      list: sampleList(accountList, `${tabs.accounts}?page=2`, { count: 74, csv_path: paths.accountsDownload() }),
      tabs,
    },
    empty: { rows: [], list: sampleList(accountList, tabs.accounts, { count: 0 }), tabs },
    nothing_found: {
      rows: [],
      list: sampleList(accountList, `${tabs.accounts}?q=harbour&kind=provider`, { count: 0 }),
      tabs,
    },
    long: {
      rows: [
        { ...account_row, name: longText, email: `${unbrokenText}@example.com` },
        { ...account_row, name: rightToLeftText, slug: 'w'.repeat(50), email: null },
      ],
      list: sampleList(accountList, tabs.accounts, { count: 2, csv_path: paths.accountsDownload() }),
      tabs,
    },
  },
  as,
);

const add_url = paths.newContact();

export const contactsPage = definePage(
  'activities/contacts/index.html',
  Type.Object({
    ...list_parts,
    /** Form of a new contact; null for a reader. */
    add_url: NullableString,
  }),
  {
    typical: {
      rows: [person_row, { ...person_row, name: 'Joe Card', slug: 'joe', email: null, kind: 'Contact' }],
      list: sampleList(personList, tabs.contacts, { count: 2, csv_path: paths.contactsDownload() }),
      tabs,
      add_url,
    },
    empty: { rows: [], list: sampleList(personList, tabs.contacts, { count: 0 }), tabs, add_url },
    nothing_found: {
      rows: [],
      list: sampleList(personList, `${tabs.contacts}?q=harbour`, { count: 0 }),
      tabs,
      add_url,
    },
    long: {
      rows: [{ ...person_row, name: unbrokenText, email: `${unbrokenText}@example.com` }],
      list: sampleList(personList, tabs.contacts, { count: 1, csv_path: paths.contactsDownload() }),
      tabs,
      add_url,
    },
  },
  as,
);

const NotePart = Type.Object({
  at: IsoInstant,
  /** Null after the author's account was deleted. */
  author: NullableString,
  text: Type.String(),
  /** The profile or the person that the note names besides the one of the page. */
  about: Type.Union([Type.Object({ label: Type.String(), href: Type.String() }), Type.Null()]),
});

const Link = Type.Object({ label: Type.String(), href: Type.String() });

const file_parts = {
  name: Type.String(),
  picture: NullableString,
  /** What it is, in words. */
  kind: Type.String(),
  crumbs: Type.Array(Link),
  facts: Type.Array(Fact),
  /** Pages about the same profile or person. */
  links: Type.Array(Link),
  /** Newest first. */
  notes: Type.Array(NotePart),
  may_edit: Type.Boolean(),
  ...form_view,
  ...candidates_part,
};

const note = {
  at: created_at,
  author: 'Donny Cooper',
  text: 'Asked for an invoice by post.\nCalls back.',
  about: null,
};
const account_file = {
  name: 'Acme Incorporated',
  picture: null,
  kind: 'Organization',
  crumbs: [{ label: 'Profiles', href: paths.accounts() }],
  facts: [
    { label: 'Short name', value: 'acme', code: true },
    { label: 'E-mail address', value: 'billing@acme.example.com' },
    { label: 'Phone', value: '' },
    { label: 'Since', at: created_at },
  ],
  links: [
    { label: 'People and roles', href: paths.roles('acme') },
    { label: 'Subscriptions', href: paths.subscriptions('acme') },
    { label: 'Plan and billing', href: paths.history('acme') },
  ],
  notes: [{ ...note, about: { label: 'Xia Lee', href: paths.contacts('xia') } }, note],
  may_edit: true,
  candidates: {},
};
const no_account_note = accountNoteForm.view({}, note_context);
const refused = (message: Record<string, string[]>, texts: Record<string, string>) =>
  accountNoteForm.view({}, note_context, accountNoteForm.refuse(invalidInput(message), texts));

export const accountPage = definePage(
  'activities/accounts/account.html',
  Type.Object(file_parts),
  {
    typical: { ...account_file, ...no_account_note },
    empty: { ...account_file, notes: [], ...no_account_note },
    read_only: { ...account_file, may_edit: false, ...no_account_note },
    long: {
      ...account_file,
      ...no_account_note,
      name: unbrokenText,
      facts: [{ label: 'E-mail address', value: `${unbrokenText}@example.com` }],
      notes: Array.from({ length: 12 }, (_, index) => ({
        ...note,
        text: index === 0 ? rightToLeftText : unbrokenText,
        about: { label: longText, href: paths.contacts('xia') },
      })),
    },
    error: { ...account_file, ...refused({ text: ['This field is required.'] }, { person: 'xia' }) },
    candidates: {
      ...account_file,
      ...refused({ person: ['Choose one of those found.'] }, { person: 'xi', text: 'Called' }),
      candidates: {
        person: [
          { value: 'xia', label: 'Xia Lee', note: 'xia' },
          { value: 'xiao', label: 'Xiao Wang', note: 'xiao' },
        ],
      },
    },
  },
  as,
);

const person_file = {
  ...account_file,
  name: 'Xia Lee',
  kind: 'Account',
  crumbs: [{ label: 'People', href: paths.contacts() }],
  facts: [
    { label: 'User name', value: 'xia', code: true },
    { label: 'E-mail address', value: 'xia@example.com' },
    { label: 'Last sign-in', at: created_at },
  ],
  links: [{ label: 'Connected profiles', href: paths.userRoles('xia') }],
  notes: [{ ...note, about: { label: 'Acme Incorporated', href: paths.accounts('acme') } }],
};

export const personPage = definePage(
  'activities/contacts/contact.html',
  Type.Object(file_parts),
  {
    typical: { ...person_file, ...personNoteForm.view({}, note_context) },
    empty: { ...person_file, kind: 'Contact', links: [], notes: [], ...personNoteForm.view({}, note_context) },
    read_only: { ...person_file, may_edit: false, ...personNoteForm.view({}, note_context) },
    error: {
      ...person_file,
      ...personNoteForm.view(
        {},
        note_context,
        personNoteForm.refuse(invalidInput({ account: ['There is no such profile.'] }), { text: 'Hi', account: 'ac' }),
      ),
    },
  },
  as,
);

export const directoryPageTypes = [newContactPage, accountsPage, contactsPage, accountPage, personPage] as const;
