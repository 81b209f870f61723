import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, moveAmount, postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { findProfileBySlug } from '#profiles';
import { apiClient, browserClient } from '../support/client.ts';
import { testContext } from '../support/context.ts';
import { testPassword } from '../support/factories/accounts.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { tokenOf } from '../support/sign-in.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { makeSubject } from '../support/factories/ledger.ts';

/**
 * One subscriber, two providers. Each provider sees the rows of the subscriber that concern this provider; the broker
 * sees all.
 *
 * `acme` subscribes to a plan of `gymclub` (11.00) and to one of `poolside` (23.00), bought apart and then together,
 * and owes 7.77 to the first and 9.99 to the second.
 */
let app: TestApp;
type Name = 'gina' | 'paul' | 'bea' | 'boss';
const clients = {} as Record<Name, ReturnType<typeof apiClient>>;
const charges: Record<'gym' | 'pool' | 'both', string> = { gym: '', pool: '', both: '' };
const lots = { gym: 0, pool: 0 };

/** Text that may stand in no response to the other provider: names and amounts. */
const marks = {
  gym: /gym|11\.00|\b1100\b|7\.77|\b777\b/i,
  pool: /pool|23\.00|\b2300\b|9\.99|\b999\b/i,
  both: /34\.00|\b3400\b|17\.76|\b1776\b/,
};

before(async () => {
  app = await startApp();
  const { db } = app;
  const ctx = await testContext(db);
  const person = async (username: Name) => {
    const user = await makeReadyUser(db, { username });
    clients[username] = apiClient(app, await tokenOf(app, user));
    return user;
  };
  const [gina, paul, bea, boss] = [
    await person('gina'),
    await person('paul'),
    await person('bea'),
    await person('boss'),
  ];
  const broker = await findProfileBySlug(db, 'cowork');
  assert.ok(broker);
  await makeMember(db, broker, bea, 'manager');
  const acme = await makeOrganization(db, { slug: 'acme', manager: boss });
  const gym = await makeOrganization(db, { slug: 'gymclub', manager: gina, is_provider: true });
  const pool = await makeOrganization(db, { slug: 'poolside', manager: paul, is_provider: true });
  await makePlan(ctx, { provider_id: gym.id, title: 'Gym pass', period_amount: 1100 });
  await makePlan(ctx, { provider_id: gym.id, title: 'Gym gold', period_amount: 1500 });
  await makePlan(ctx, { provider_id: pool.id, title: 'Pool card', period_amount: 2300 });

  const buy = async (...plans: string[]) => {
    for (const plan of plans) assert.equal((await clients.boss('POST', '/api/cart', { plan })).status, 201);
    const paid = await clients.boss('POST', '/api/billing/acme/checkout', { processor_token: 'tok_visa' });
    assert.equal(paid.status, 201, paid.text);
    return String(paid.json()['processor_key']);
  };
  charges.gym = await buy('gym-pass');
  charges.pool = await buy('pool-card');
  charges.both = await buy('gym-pass', 'pool-card');
  const returned = await buy('gym-pass', 'pool-card');
  const refund = { lines: [{ num: 0 }, { num: 1 }] };
  const refunded = await clients.bea('POST', `/api/billing/acme/charges/${returned}/refund`, refund);
  assert.equal(refunded.status, 201, refunded.text);
  const saved = await clients.boss('PUT', '/api/billing/acme/card', { token: 'tok_visa' });
  assert.equal(saved.status, 200, saved.text);
  const request = await clients.boss('POST', '/api/profile/acme/roles/manager', { slug: 'bea' });
  assert.equal(request.status, 201, request.text);
  await clients.bea('POST', '/api/contacts/boss/activities', { text: 'A note of the broker', account: 'acme' });
  await tryPlan(ctx, gym.id); // a later checkout would pay what follows
  await owe(acme.id, gym.id, 777);
  await owe(acme.id, pool.id, 999);
  lots.gym = await give('gymclub', 777);
  lots.pool = await give('poolside', 999);
  await planChange('gym-pass', 'gym-gold');
});
after(() => app.close());

/** Begins a trial of `acme` of a plan of the provider. */
async function tryPlan(ctx: Awaited<ReturnType<typeof testContext>>, provider_id: ProfileId): Promise<void> {
  const plan = await makePlan(ctx, { provider_id, title: 'Gym trial', period_amount: 1100 });
  await app.db.updateTable('plans').set({ trial_days: 30 }).where('id', '=', plan.id).execute();
  assert.equal((await clients.boss('POST', '/api/cart', { plan: plan.slug })).status, 201);
  assert.equal((await clients.boss('GET', '/api/billing/acme/checkout')).status, 200);
  const begun = await clients.boss('POST', '/api/billing/acme/checkout', { processor_token: 'tok_visa' });
  assert.equal(begun.status, 200, begun.text);
}

/** Plans a change of `acme` for the end of the paid period. */
async function planChange(plan: string, to: string): Promise<void> {
  const url = `/api/profile/acme/subscriptions/${plan}/change`;
  const shown = await clients.boss('GET', `${url}?to=${to}&at=period_end`);
  assert.equal(shown.status, 200, shown.text);
  const preview_key = shown.json()['preview_key'];
  const planned = await clients.boss('POST', url, { to, at: 'period_end', preview_key });
  assert.equal(planned.status, 200, planned.text);
}

/** Gives credit to `acme` in the name of a provider; returns its number. */
async function give(provider: string, amount: number): Promise<number> {
  const body = { amount, unit: 'usd', descr: `Thanks of ${provider}`, provider };
  const given = await clients.bea('POST', '/api/billing/acme/credits', body);
  assert.equal(given.status, 201, given.text);
  return given.json<{ number: number }>().number;
}

/** Posts an order that waits for payment on the subscription to the provider's plan. */
async function owe(payer: ProfileId, provider: ProfileId, amount: number): Promise<void> {
  const { id } = await app.db
    .selectFrom('subscriptions')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .select('subscriptions.id')
    .where('plans.profile_id', '=', provider)
    .orderBy('subscriptions.id')
    .executeTakeFirstOrThrow();
  const entry = moveAmount({
    from: { profile_id: provider, account: accounts.receivable },
    to: { profile_id: payer, account: accounts.payable },
    amount,
    unit: 'usd',
    subject: makeSubject({ id: String(id) }),
    description: 'Subscription renewed',
  });
  await inTransaction(app.db, (tx) =>
    postEvent(tx, { key: `owed:${provider}`, kind: 'order', at: app.clock.now(), entries: [entry] }),
  );
}

/** Each route of kind `provider`, called by the provider `gymclub`, and the text that its response must contain. */
const reads: [url: string, path: () => string, shown: RegExp][] = [
  ['/api/profile/:profile', () => '/api/profile/acme', /gym-pass/],
  ['/api/profile/:profile/roles', () => '/api/profile/acme/roles', /"boss"/],
  ['/api/profile/:profile/roles/:role', () => '/api/profile/acme/roles/manager', /"boss"/],
  ['/api/profile/:profile/roles/:role/:user', () => '/api/profile/acme/roles/manager/boss', /"boss"/],
  ['/api/profile/:profile/subscriptions', () => '/api/profile/acme/subscriptions', /gym-pass/],
  ['/api/profile/:profile/subscriptions/expired', () => '/api/profile/acme/subscriptions/expired', /"count":0/],
  [
    '/api/profile/:profile/subscriptions/:subscribed_plan',
    () => '/api/profile/acme/subscriptions/gym-pass',
    /gym-pass/,
  ],
  [
    '/api/profile/:profile/subscriptions/:subscribed_plan/change',
    () => '/api/profile/acme/subscriptions/gym-pass/change?to=gym-gold&leave_due=true',
    /"next_charge_amount":1500\b/,
  ],
  [
    '/api/profile/:profile/subscriptions/:subscribed_plan/change/pending',
    () => '/api/profile/acme/subscriptions/gym-pass/change/pending',
    /"amount":1500\b/,
  ],
  [
    '/api/profile/:profile/subscriptions/:subscribed_plan/cancel',
    () => '/api/profile/acme/subscriptions/gym-pass/cancel',
    /"ends_at"/,
  ],
  ['/api/billing/:profile/balance', () => '/api/billing/acme/balance', /"balance_amount":777\b/],
  ['/api/billing/:profile/history', () => '/api/billing/acme/history', /"balance_amount":777\b/],
  ['/api/billing/:profile/checkout', () => '/api/billing/acme/checkout', /"dest_amount":777\b/],
  ['/api/billing/:profile/charges/:charge', () => `/api/billing/acme/charges/${charges.both}`, /"amount":1100\b/],
  ['/api/billing/:profile/dunning', () => '/api/billing/acme/dunning', /"count":0/],
  ['/api/billing/:profile/provider-charges', () => '/api/billing/acme/provider-charges', /"allow_provider_charges"/],
  ['/api/billing/:profile/card', () => '/api/billing/acme/card', /"last4"/],
  ['/api/billing/:profile/credits', () => '/api/billing/acme/credits', /"balance":777\b/],
  ['/api/billing/:profile/credit-notes', () => '/api/billing/acme/credit-notes', /"amount":1100\b/],
  [
    '/api/billing/:profile/credit-notes/:number',
    () => '/api/billing/acme/credit-notes/CN-2026-000001?provider=gymclub',
    /"amount":1100\b/,
  ],
  ['/profile/:profile/contact/', () => '/profile/acme/contact/', /acme/],
  ['/profile/:profile/roles/', () => '/profile/acme/roles/', /boss/],
  ['/profile/:profile/roles/:role/', () => '/profile/acme/roles/manager/', /boss/],
  ['/profile/:profile/download/roles/', () => '/profile/acme/download/roles/', /Manager/],
  ['/profile/:profile/download/roles/:role/', () => '/profile/acme/download/roles/manager/', /Manager/],
  ['/profile/:profile/subscriptions/', () => '/profile/acme/subscriptions/', /Gym pass/],
  ['/profile/:profile/subscriptions/download/', () => '/profile/acme/subscriptions/download/', /Gym pass/],
  ['/billing/:profile/history/', () => '/billing/acme/history/', /7\.77/],
  ['/billing/:profile/history/download/', () => '/billing/acme/history/download/', /7\.77/],
  ['/billing/:profile/receipt/:charge/', () => `/billing/acme/receipt/${charges.both}/`, /11\.00/],
  ['/billing/:profile/receipt/:charge/printable/', () => `/billing/acme/receipt/${charges.both}/printable/`, /11\.00/],
  ['/billing/:profile/receipt/:charge/download/', () => `/billing/acme/receipt/${charges.both}/download/`, /^%PDF-/],
  ['/billing/:profile/credit-notes/download/', () => '/billing/acme/credit-notes/download/', /11\.00/],
  ['/billing/:profile/documents/:provider/:number/', () => '/billing/acme/documents/gymclub/2026-000001/', /11\.00/],
  [
    '/billing/:profile/documents/:provider/:number/download/',
    () => '/billing/acme/documents/gymclub/2026-000001/download/',
    /^%PDF-/,
  ],
  ['/billing/:profile/credits/', () => '/billing/acme/credits/', /7\.77/],
  ['/billing/:profile/credits/download/', () => '/billing/acme/credits/download/', /7\.77/],
  ['/billing/:profile/credits/give/', () => '/billing/acme/credits/give/', /Give credit/],
  [
    '/billing/:profile/credits/:number/refund/',
    () => `/billing/acme/credits/${lots.gym}/refund/`,
    /cannot be paid out/,
  ],
  ['/profile/:profile/subscriptions/:plan/change/', () => '/profile/acme/subscriptions/gym-pass/change/', /Change/],
  ['/profile/:profile/subscriptions/:plan/stop/', () => '/profile/acme/subscriptions/gym-pass/stop/', /Stop/],
  ['/profile/:profile/subscriptions/:plan/pause/', () => '/profile/acme/subscriptions/gym-pass/pause/', /Pause/],
  ['/profile/:profile/subscriptions/:plan/trial/', () => '/profile/acme/subscriptions/gym-trial/trial/', /Trial/],
  ['/billing/:profile/cancel-balance/', () => '/billing/acme/cancel-balance/', /7\.77/],
  ['/billing/:profile/receipt/:charge/refund/', () => `/billing/acme/receipt/${charges.both}/refund/`, /11\.00/],
];

type Write = [route: string, path: () => string, body: unknown, status: number];

/** Requests on the subscription of another provider, which does not exist for the caller. */
function ofPoolCard(action: string, requests: readonly [method: string, body: unknown][]): Write[] {
  return requests.map(([method, body]) => [
    `${method} /api/profile/:profile/subscriptions/:subscribed_plan/${action}`,
    () => `/api/profile/acme/subscriptions/pool-card/${action}`,
    body,
    404,
  ]);
}

/** Requests of a provider that must not change the subscriber, with the expected response. */
const writes: Write[] = [
  ['PUT /api/profile/:profile', () => '/api/profile/acme', { full_name: 'Renamed' }, 403],
  ['PATCH /api/profile/:profile', () => '/api/profile/acme', { email: 'gina@example.com' }, 403],
  ['POST /profile/:profile/contact/', () => '', null, 403],
  [
    'PUT /api/profile/:profile/subscriptions/:subscribed_plan',
    () => '/api/profile/acme/subscriptions/pool-card',
    { ends_at: '2026-03-11', auto_renew: false },
    403,
  ],
  [
    'PATCH /api/profile/:profile/subscriptions/:subscribed_plan',
    () => '/api/profile/acme/subscriptions/pool-card',
    { ends_at: '2026-03-11' },
    403,
  ],
  [
    'DELETE /api/profile/:profile/subscriptions/:subscribed_plan',
    () => '/api/profile/acme/subscriptions/pool-card',
    undefined,
    403,
  ],
  ...ofPoolCard('change', [
    ['POST', { to: 'pool-card', quantity: 2, preview_key: 'of-another-preview' }],
    ['DELETE', undefined],
  ]),
  ...ofPoolCard('cancel', [
    ['POST', { at: 'now' }],
    ['DELETE', undefined],
  ]),
  ...ofPoolCard('pause', [
    ['POST', {}],
    ['PUT', { resumes_at: '2027-03-11' }],
    ['PATCH', { resumes_at: '2027-03-11' }],
    ['DELETE', undefined],
  ]),
  ['POST /profile/:profile/subscriptions/', () => '', null, 403],
  ['POST /api/profile/:profile/subscriptions', () => '/api/profile/acme/subscriptions', { plan: 'pool-card' }, 403],
  [
    'POST /api/billing/:profile/charges/:charge/email',
    () => `/api/billing/acme/charges/${charges.pool}/email`,
    {},
    404,
  ],
  [
    'POST /api/billing/:profile/charges/:charge/refund',
    () => `/api/billing/acme/charges/${charges.both}/refund`,
    { lines: [{ num: 1, refunded_amount: 100 }] },
    403,
  ],
  ['POST /billing/:profile/receipt/:charge/refund/', () => '', null, 403],
  [
    'POST /api/billing/:profile/balance',
    () => '/api/billing/acme/balance',
    { plan: 'pool-card', use: 'towels', quantity: 1 },
    403,
  ],
  [
    'POST /api/billing/:profile/checkout/paylater',
    () => '/api/billing/acme/checkout/paylater',
    { items: [{ option: 1, plan: 'pool-card' }] },
    409,
  ],
  [
    'POST /api/billing/:profile/credits',
    () => '/api/billing/acme/credits',
    { amount: 100, unit: 'usd', descr: 'Thanks', provider: 'poolside' },
    403,
  ],
  ['POST /api/billing/:profile/credits/:number/refund', () => `/api/billing/acme/credits/${lots.pool}/refund`, {}, 404],
  ['POST /billing/:profile/cancel-balance/', () => '', null, 403],
  ['POST /profile/:profile/subscriptions/:plan/change/', () => '', null, 403],
  ['POST /profile/:profile/subscriptions/:plan/stop/', () => '', null, 403],
  ['POST /profile/:profile/subscriptions/:plan/pause/', () => '', null, 403],
  ['POST /billing/:profile/credits/give/', () => '', null, 403],
  ['POST /billing/:profile/credits/:number/refund/', () => '', null, 403],
  // The own part of the balance is settled; that of the other provider stays, see the test below.
  ['DELETE /api/billing/:profile/balance', () => '/api/billing/acme/balance', undefined, 204],
  ['DELETE /api/billing/:profile/balance/cancel', () => '/api/billing/acme/balance/cancel', undefined, 204],
];

test('every route that providers may use is in this table', () => {
  const listed = [...reads.map(([url]) => `GET ${url}`), ...writes.map(([route]) => route)].toSorted();
  const declared = app.http.routeList
    .filter(({ access }) => access.kind === 'provider' || access.kind === 'provider-only')
    .map(({ method, url }) => `${method} ${url}`)
    .toSorted();
  assert.deepEqual(declared, listed);
});

async function browserOf(username: Name) {
  const browser = browserClient(app);
  await browser.get('/login/');
  assert.equal((await browser.post('/login/', { username, password: testPassword })).status, 303);
  return browser;
}

test('a provider sees nothing that involves only another provider; the broker sees all', async () => {
  const browsers = { gina: await browserOf('gina'), paul: await browserOf('paul'), bea: await browserOf('bea') };
  const look = async (who: keyof typeof browsers, path: string) =>
    path.startsWith('/api/') ? clients[who]('GET', path) : browsers[who].get(path);
  for (const [url, path, shown] of reads) {
    const seen = await look('gina', path());
    assert.equal(seen.status, 200, `${url}: ${seen.status} ${seen.text.slice(0, 300)}`);
    assert.match(seen.text, shown, url);
    assert.doesNotMatch(seen.text, marks.pool, `gymclub at ${url}`);
    assert.doesNotMatch(seen.text, marks.both, `gymclub at ${url}`);
    // The same address to the other provider: its own rows or none.
    const other = await look('paul', path());
    assert.ok([200, 404].includes(other.status), `${url}: ${other.status}`);
    // Without the address itself, which a page of an error repeats.
    const text = other.text.replaceAll(/gym-(?:pass|trial)/g, '').replaceAll('documents/gymclub', '');
    assert.doesNotMatch(text, marks.gym, `poolside at ${url}`);
    assert.doesNotMatch(other.text, marks.both, `poolside at ${url}`);
    assert.equal((await look('bea', path())).status, 200, `the broker at ${url}`);
  }
  const whole = await clients.bea('GET', '/api/billing/acme/history?page_size=100');
  assert.match(whole.text, marks.gym);
  assert.match(whole.text, marks.pool);
  assert.match((await clients.bea('GET', `/api/billing/acme/charges/${charges.both}`)).text, /"amount":3400\b/);
  assert.match((await clients.bea('GET', '/api/profile/acme')).text, /A note of the broker/);
});

test('a charge, a receipt and a subscription of another provider do not exist for a provider', async () => {
  const gina = await browserOf('gina');
  assert.equal((await clients.gina('GET', `/api/billing/acme/charges/${charges.pool}`)).status, 404);
  assert.equal((await gina.get(`/billing/acme/receipt/${charges.pool}/`)).status, 404);
  assert.equal((await clients.gina('GET', '/api/profile/acme/subscriptions/pool-card')).status, 404);
  assert.equal(
    (await clients.gina('POST', `/api/billing/acme/charges/${charges.pool}/refund`, { lines: [{ num: 0 }] })).status,
    404,
  );
  assert.match((await clients.gina('GET', '/api/billing/acme/history?q=pool')).text, /"count":0/);
});

test('a provider sees neither invitations of the subscriber nor notes of the broker', async () => {
  const roles = (await clients.gina('GET', '/api/profile/acme/roles')).json<{ count: number; invited_count: number }>();
  assert.deepEqual([roles.count, roles.invited_count], [1, 0]);
  assert.match((await clients.gina('GET', '/api/profile/acme/roles?role_status=invited')).text, /"count":0/);
  assert.equal((await clients.gina('GET', '/api/profile/acme/roles/manager/bea')).status, 404);
  assert.deepEqual((await clients.gina('GET', '/api/profile/acme')).json()['activities'], []);
  assert.equal((await clients.boss('GET', '/api/profile/acme/roles')).json()['count'], 2);
});

test('a provider cannot change a subscriber through any field or any route', async () => {
  const before_it = await state();
  for (const [route, path, body, status] of writes) {
    if (body === null) continue;
    const method = route.split(' ')[0] as 'PUT'; // the table holds methods of the API
    const response = await clients.gina(method, path(), body ?? undefined);
    assert.equal(response.status, status, `${route}: ${response.text}`);
  }
  const fields = {
    slug: 'taken-over',
    full_name: 'Renamed',
    email: 'gina@example.com',
    phone: '+14155550100',
    street_address: '1 Elsewhere',
    locality: 'Elsewhere',
    region: 'XX',
    postal_code: '00000',
    country: 'FR',
    picture: 'https://elsewhere.example/p.png',
  };
  for (const [name, value] of Object.entries(fields)) {
    const response = await clients.gina('PATCH', '/api/profile/acme', { [name]: value });
    assert.deepEqual([response.status, response.json()['code']], [403, 'subscriber_details_protected'], name);
    assert.match(response.text, new RegExp(name));
  }
  const gina = await browserOf('gina');
  await gina.get('/profile/acme/contact/');
  const form = { full_name: 'Renamed', email: 'gina@example.com', default_timezone: 'UTC' };
  assert.equal((await gina.post('/profile/acme/contact/', form)).status, 403);
  await gina.get('/profile/acme/subscriptions/');
  for (const action of ['unsubscribe', 'deny']) {
    assert.equal((await gina.post('/profile/acme/subscriptions/', { plan: 'pool-card', action })).status, 403, action);
  }
  // Routes of the subscriber's own managers.
  const own: ['POST' | 'PUT' | 'DELETE', string, unknown][] = [
    ['POST', '/api/profile/acme/roles/manager', { slug: 'gina' }],
    ['DELETE', '/api/profile/acme/roles/manager/boss', undefined],
    ['PUT', '/api/billing/acme/card', { token: 'tok_visa' }],
    ['DELETE', '/api/billing/acme/card', undefined],
    ['POST', '/api/billing/acme/checkout', {}],
    ['DELETE', '/api/profile/acme', undefined],
  ];
  for (const [method, path, body] of own) assert.equal((await clients.gina(method, path, body)).status, 403, path);
  assert.deepEqual(await state(), before_it);
});

async function state() {
  const [profile] = await app.db.selectFrom('profiles').selectAll().where('slug', '=', 'acme').execute();
  const roles = await app.db.selectFrom('roles').selectAll().where('profile_id', '=', profile!.id).execute(); // made above
  const held = await app.db.selectFrom('subscriptions').selectAll().where('profile_id', '=', profile!.id).execute();
  const cards = await app.db.selectFrom('payment_methods').selectAll().execute();
  return { profile, roles, held, cards };
}

test('a provider writes off what is due on its own plans, and nothing of another provider', async () => {
  assert.equal((await clients.gina('DELETE', '/api/billing/acme/balance')).status, 204);
  assert.equal((await clients.gina('GET', '/api/billing/acme/balance')).json()['balance_amount'], 0);
  assert.equal((await clients.paul('GET', '/api/billing/acme/balance')).json()['balance_amount'], 999);
  assert.equal((await clients.boss('DELETE', '/api/billing/acme/balance')).status, 403);
});

test('a PUT that repeats the present details is accepted from a provider', async () => {
  const { full_name, email } = (await clients.gina('GET', '/api/profile/acme')).json<Record<string, string>>();
  const response = await clients.gina('PUT', '/api/profile/acme', {
    full_name,
    email,
    default_timezone: 'Europe/Paris',
  });
  assert.equal(response.status, 200, response.text);
  assert.doesNotMatch(response.text, marks.pool, 'the response names no plan of another provider');
});
