import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '../context.ts';
import type { RouteEntry } from '../http/route-list.ts';
import { menus, type NavKind } from './nav-entries.ts';
import { buildGroups, describeKind, findSearch, kindOf, type NavSources } from './navigation.ts';

const route = (url: string): RouteEntry => ({
  method: 'GET',
  url,
  access: { kind: 'direct' },
  page: true,
  bare: false,
  passthrough: false,
  problems: [],
  response_statuses: [],
  matches: () => false,
});

function sourcesOf(path: string, given: Partial<NavSources> = {}): NavSources {
  return {
    ctx: {} as Context, // no entry reads it without counters
    params: { profile: 'acme', user: 'xia' },
    path,
    findRoute: route,
    mayOpen: async () => true,
    counters: [],
    is_own: true,
    ...given,
  };
}

async function labelsOf(kind: NavKind, given: Partial<NavSources> = {}): Promise<[string | null, string[]][]> {
  const groups = await buildGroups(kind, sourcesOf('/', given));
  return groups.map(({ title, entries }) => [title, entries.map(({ label }) => label)]);
}

async function currentOf(kind: NavKind, path: string): Promise<string[]> {
  const groups = await buildGroups(kind, sourcesOf(path));
  return groups.flatMap(({ entries }) => entries.filter(({ current }) => current).map(({ label }) => label));
}

test('each kind of menu has the entries of the design, in order', async () => {
  assert.deepEqual(await labelsOf('visitor'), [[null, ['Pricing', 'Contact', 'Sign in']]]);
  const purchases = ['Plan and billing', 'Subscriptions', 'Payment card'];
  assert.deepEqual(await labelsOf('subscriber', { is_own: false }), [
    [null, [...purchases, 'People and roles', 'Profile', 'Open the application']],
  ]);
  assert.deepEqual((await labelsOf('subscriber')).at(-1), ['You', ['Security', 'Notifications']]);
  const selling = [null, ['Home', 'Subscribers', 'Plans', 'Coupons']];
  const settings = ['Settings', ['People and roles', 'Payment processor', 'Profile', 'Trust documents']];
  const bought = ['What we buy', [...purchases, 'Open the application']];
  assert.deepEqual(await labelsOf('provider'), [
    selling,
    ['Money', ['Charges', 'Balances due', 'Failed payments', 'Funds and payouts', 'Reports']],
    settings,
    bought,
  ]);
  assert.deepEqual(
    (await labelsOf('broker')).map(([title]) => title),
    [null, 'Money', 'Site', 'Settings', 'What we buy'],
  );
  assert.deepEqual((await labelsOf('broker'))[1], [
    'Money',
    ['Charges', 'Balances due', 'Failed payments', 'Funds and payouts', 'Ledger', 'Reports'],
  ]);
});

test('an entry leads to a page that it covers while its own route does not exist, and then to its own', async () => {
  const activity = '/metrics/:profile/activity/';
  const hrefsOf = async (registered: readonly string[]) => {
    const findRoute = (pattern: string) => (registered.includes(pattern) ? route(pattern) : undefined);
    const groups = await buildGroups('provider', sourcesOf('/metrics/acme/activity/', { findRoute }));
    return groups.flatMap(({ entries }) =>
      entries.filter(({ id }) => id === 'reports').map(({ href, current }) => [href, current]),
    );
  };
  assert.deepEqual(await hrefsOf([activity]), [['/metrics/acme/activity/', true]]);
  assert.deepEqual(await hrefsOf([activity, '/metrics/:profile/revenue/']), [['/metrics/acme/revenue/', true]]);
  assert.deepEqual(await hrefsOf([]), []);
});

test('an entry is shown when its route exists and admits the caller; an empty group has no title', async () => {
  const registered = ['/profile/:profile/plans/', '/billing/:profile/transfers/', '/billing/:profile/card/'];
  const findRoute = (pattern: string) => (registered.includes(pattern) ? route(pattern) : undefined);
  const mayOpen = async ({ url }: RouteEntry) => url !== '/billing/:profile/transfers/';
  assert.deepEqual(await labelsOf('provider', { findRoute, mayOpen }), [
    [null, ['Plans']],
    ['What we buy', ['Payment card', 'Open the application']],
  ]);
  assert.deepEqual(await labelsOf('subscriber', { params: { profile: undefined, user: 'xia' } }), [
    ['You', ['Security', 'Notifications']],
  ]);
});

test('the entry with the longest pattern that contains the page is the current one, and only one is', async () => {
  const table: [NavKind, string, string[]][] = [
    ['subscriber', '/billing/acme/history/', ['Plan and billing']],
    ['subscriber', '/billing/ACME/receipt/ch_1/', ['Plan and billing']],
    ['subscriber', '/profile/acme/subscriptions/expired/', ['Subscriptions']],
    ['subscriber', '/users/xia/otp/', ['Security']],
    ['subscriber', '/billing/other/history/', []],
    ['provider', '/profile/acme/plans/basic/subscribers/', ['Plans']],
    ['provider', '/profile/acme/plans-of-others/', []],
    ['provider', '/metrics/acme/coupons/', ['Reports']],
    ['provider', '/metrics/acme/coupons/DIS50/', ['Coupons']],
    ['provider', '/billing/acme/transfers/import/', ['Funds and payouts']],
    ['broker', '/metrics/balances/income/2026/', ['Reports']],
    ['broker', '/proxy/notifications/user_contact/', ['Theme and e-mails']],
    ['broker', '/pricing/', []],
  ];
  for (const [kind, path, expected] of table) assert.deepEqual(await currentOf(kind, path), expected, path);
});

test('a counter of a room is shown at its entry, and 0 shows nothing', async () => {
  const counters = [
    { entry: 'balances-due', count: async (_ctx: Context, slug: string) => (slug === 'acme' ? 3 : 0) },
    { entry: 'plans', count: async () => 0 },
  ];
  const groups = await buildGroups('provider', sourcesOf('/', { counters }));
  const counts = groups.flatMap(({ entries }) => entries.filter(({ count }) => count !== null));
  assert.deepEqual(
    counts.map(({ id, count }) => [id, count]),
    [['balances-due', 3]],
  );
});

test('the search of the top bar is the first registered search that admits the caller', async () => {
  const only = (pattern: string) => (candidate: string) => (candidate === pattern ? route(candidate) : undefined);
  const findRoute = only('/profile/:profile/subscribers/');
  assert.equal((await findSearch(sourcesOf('/', { findRoute })))?.action, '/profile/acme/subscribers/');
  assert.equal(await findSearch(sourcesOf('/', { findRoute, mayOpen: async () => false })), null);
  assert.equal(await findSearch(sourcesOf('/', { findRoute: () => undefined })), null);
});

test('the kind of a menu follows from the profile', () => {
  assert.equal(kindOf({ is_broker: true, is_provider: false }), 'broker');
  assert.equal(kindOf({ is_broker: false, is_provider: true }), 'provider');
  assert.equal(kindOf({ is_broker: false, is_provider: false }), 'subscriber');
  assert.equal(describeKind({ is_broker: false, is_provider: false, type: 'organization' }), 'Organization');
});

test('no menu has two entries of one name', () => {
  for (const [kind, groups] of Object.entries(menus)) {
    const ids = groups.flatMap(({ entries }) => entries.map(({ id }) => id));
    assert.equal(new Set(ids).size, ids.length, kind);
  }
});
