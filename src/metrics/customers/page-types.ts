import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { IsoInstant, NullableInstant, NullableString } from '#platform/http/schemas';
import { ShownMoney } from '#platform/pages/details/fact';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';

const ProfilePart = Type.Object({ slug: Type.String(), printable_name: Type.String() });
const profile = { slug: 'cowork', printable_name: 'Coworking Space' };
const usd = (amount: number) => ({ amount, unit: 'usd' });
const at = '2026-03-05T14:30:00.000Z';

/** The list of customers with their value; its sort fields are those of the API. */
export const lifetimeList = defineListPage({
  noun: ['customer', 'customers'],
  search: 'Name or reference',
  columns: { full_name: { label: 'Customer' }, created_at: { label: 'Since', descending: true } },
  order: '-created_at',
  dates: 'First order',
});

const value = {
  name: 'Xia Lee',
  href: '/profile/xia/contact/',
  since: at,
  ends_at: '2027-03-05T14:30:00.000Z',
  contract: usd(112_120),
  paid: usd(112_120),
  deferred: usd(4100),
};
const lifetime = {
  profile,
  definition: 'Contract value: all orders of the customer, paid or not, less credit notes.',
  customers: [value, { ...value, name: 'Acme', ends_at: null }],
  list: sampleList(lifetimeList, `${paths.lifetimeValue('cowork')}?page=2`, {
    count: 74,
    csv_path: paths.reportDownload('cowork', 'lifetimevalue'),
  }),
};
const lifetime_path = paths.lifetimeValue('cowork');
export const lifetimePage = definePage(
  'saas/metrics/lifetimevalue.html',
  Type.Object({
    profile: ProfilePart,
    definition: Type.String(),
    customers: Type.Array(
      Type.Object({
        name: Type.String(),
        href: Type.String(),
        since: IsoInstant,
        ends_at: NullableInstant,
        contract: ShownMoney,
        paid: ShownMoney,
        deferred: ShownMoney,
      }),
    ),
    list: ListViewPart,
  }),
  {
    typical: lifetime,
    empty: { ...lifetime, customers: [], list: sampleList(lifetimeList, lifetime_path, { count: 0 }) },
    nothing_found: {
      ...lifetime,
      customers: [],
      list: sampleList(lifetimeList, `${lifetime_path}?q=harbour`, { count: 0 }),
    },
    long: {
      ...lifetime,
      customers: [{ ...value, name: longText, contract: usd(987_654_321_012) }],
      list: sampleList(lifetimeList, lifetime_path, { count: 1 }),
    },
  },
  { as: 'provider' },
);

/** The list of customers that owe; its sort fields are those of the API. */
export const dueList = defineListPage({
  noun: ['customer', 'customers'],
  search: 'Name or reference',
  columns: { full_name: { label: 'Customer' }, created_at: { label: 'Profile made', descending: true } },
  order: '-created_at',
  dates: 'Profile made',
});
const owing = {
  name: 'Xia Lee',
  href: '/billing/xia/history/',
  balances: [{ due: usd(37_800), contract: usd(982_800), paid: usd(945_000) }],
};
const due = {
  profile,
  definition: 'Customers with an amount due on what they ordered.',
  customers: [owing, { ...owing, name: 'Acme' }],
  list: sampleList(dueList, paths.balancesDue('cowork'), {
    count: 2,
    csv_path: paths.reportDownload('cowork', 'balances-due'),
  }),
};
export const balancesDuePage = definePage(
  'saas/metrics/balances_due.html',
  Type.Object({
    profile: ProfilePart,
    definition: Type.String(),
    customers: Type.Array(
      Type.Object({
        name: Type.String(),
        /** Billing of the customer, where the balance can be cancelled. */
        href: Type.String(),
        balances: Type.Array(Type.Object({ due: ShownMoney, contract: ShownMoney, paid: ShownMoney })),
      }),
    ),
    list: ListViewPart,
  }),
  {
    typical: due,
    empty: { ...due, customers: [], list: sampleList(dueList, paths.balancesDue('cowork'), { count: 0 }) },
    nothing_found: {
      ...due,
      customers: [],
      list: sampleList(dueList, `${paths.balancesDue('cowork')}?q=harbour`, { count: 0 }),
    },
    long: {
      ...due,
      customers: [{ ...owing, name: unbrokenText, balances: [...owing.balances, ...owing.balances] }],
      list: sampleList(dueList, paths.balancesDue('cowork'), { count: 1 }),
    },
  },
  { as: 'provider' },
);

/** The list of users without a subscription; its sort fields are those of the API. */
export const registeredPageList = defineListPage({
  noun: ['user', 'users'],
  search: 'Name, user name or e-mail address',
  columns: {
    first_name: { label: 'Name' },
    email: { label: 'E-mail address' },
    created_at: { label: 'Registered', descending: true },
  },
  order: 'first_name',
  dates: 'Registered',
});
const user = {
  name: 'Alice Cooper',
  href: '/activities/contacts/alice/',
  username: 'alice',
  email: 'alice@example.com',
  created_at: at,
};
const registered = {
  definition: 'Users that have no role on a profile with a subscription.',
  users: [user, { ...user, name: 'joe', username: 'joe', email: null }],
  list: sampleList(registeredPageList, `${paths.registered()}?page=2`, {
    count: 74,
    csv_path: paths.registeredDownload(),
  }),
};
export const registeredPage = definePage(
  'saas/metrics/registered.html',
  Type.Object({
    definition: Type.String(),
    users: Type.Array(
      Type.Object({
        name: Type.String(),
        href: Type.String(),
        username: Type.String(),
        email: NullableString,
        created_at: IsoInstant,
      }),
    ),
    list: ListViewPart,
  }),
  {
    typical: registered,
    empty: { ...registered, users: [], list: sampleList(registeredPageList, paths.registered(), { count: 0 }) },
    nothing_found: {
      ...registered,
      users: [],
      list: sampleList(registeredPageList, `${paths.registered()}?q=harbour`, { count: 0 }),
    },
    long: {
      ...registered,
      users: [{ ...user, name: longText, email: `${unbrokenText.slice(0, 60)}@a.example` }],
      list: sampleList(registeredPageList, paths.registered(), { count: 1 }),
    },
  },
  { as: 'broker' },
);

export const customerPageTypes = [lifetimePage, balancesDuePage, registeredPage];
