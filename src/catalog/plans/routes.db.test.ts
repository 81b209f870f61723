import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { registerBrokerManager, registerProvider } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

type Client = ReturnType<typeof apiClient>;
let app: TestApp;
let broker: Client;
let other_user: Client;
let visitor: Client;

before(async () => {
  app = await startApp();
  broker = await registerBrokerManager(app, 'donny');
  other_user = apiClient(app, await registerUser(app, 'xia'));
  visitor = apiClient(app);
});
after(() => app.close());

const plans = '/api/profile/cowork/plans';

test('a provider creates, reads, changes and deletes a plan as documented', async () => {
  const body = {
    title: 'Popup Desk',
    description: 'A desk',
    is_active: false,
    period_amount: 12_000,
    period_type: 'monthly',
  };
  const created = await broker('POST', plans, body);
  assert.equal(created.status, 201, created.text);
  const { profile, created_at, ...plan } = created.json<{
    profile: { slug: string; type: string };
    created_at: string;
  }>();
  assert.deepEqual([profile.slug, profile.type], ['cowork', 'organization']);
  assert.ok(!Number.isNaN(Date.parse(created_at)));
  assert.deepEqual(plan, {
    slug: 'popup-desk',
    ...body,
    setup_amount: 0,
    advance_discounts: [],
    use_charges: [],
    unit: 'usd',
    extra: null,
    period_length: 1,
    renewal_type: 'auto-renew',
    is_not_priced: false,
    unlock_event: null,
    skip_optin_on_grant: false,
    optin_on_request: false,
    change_modes: { upgrade: 'prorate', downgrade: 'period_end', crossgrade: 'prorate' },
    tier: null,
    pause_days_max: 0,
    trial_days: 0,
    trial_requires_card: true,
    quantity_min: 1,
    quantity_max: null,
    cancel_refund: 'none',
    counts_people: false,
    money_back_days: 0,
    discounted_period_amount: 12_000,
    is_cart_item: false,
    trial_available: false,
  });
  const changed = await broker('PUT', `${plans}/popup-desk`, {
    title: 'Popup Desk',
    is_active: true,
    extra: { floor: 2 },
  });
  assert.equal(changed.status, 200, changed.text);
  const after_change = changed.json<{ detail: string; extra: unknown; period_amount: number }>();
  assert.equal(after_change.detail, "Successfully updated plan titled 'Popup Desk'.");
  assert.deepEqual([after_change.extra, after_change.period_amount], [{ floor: 2 }, 12_000]);
  assert.equal((await broker('PATCH', `${plans}/popup-desk`, { is_active: false })).status, 200);
  assert.equal((await broker('DELETE', `${plans}/popup-desk`)).status, 204);
  assert.equal((await broker('GET', `${plans}/popup-desk`)).status, 404);
});

test('a provider sets the terms of running subscriptions; all contradictions are named at once', async () => {
  const terms = {
    change_modes: { upgrade: 'full', downgrade: 'refused', crossgrade: 'none' },
    tier: 3,
    pause_days_max: 60,
    trial_days: 14,
    trial_requires_card: false,
    quantity_min: 2,
    quantity_max: 50,
    cancel_refund: 'unused',
    money_back_days: 30,
  };
  const created = await broker('POST', plans, { title: 'Terms', period_amount: 500, ...terms });
  assert.equal(created.status, 201, created.text);
  const read = (await broker('GET', `${plans}/terms`)).json();
  assert.deepEqual(Object.fromEntries(Object.keys(terms).map((name) => [name, read[name]])), terms);

  const partly = await broker('PATCH', `${plans}/terms`, { change_modes: { upgrade: 'prorate' }, tier: null });
  assert.deepEqual(
    [partly.json()['change_modes'], partly.json()['tier'], partly.json()['trial_days']],
    [{ upgrade: 'prorate', downgrade: 'refused', crossgrade: 'none' }, null, 14],
  );
  assert.equal((await broker('PATCH', `${plans}/terms`, { quantity_max: null })).json()['quantity_max'], null);

  const out_of_bounds = { pause_days_max: 367, trial_days: -1, money_back_days: 367, cancel_refund: 'all', tier: -1 };
  const refused = await broker('PUT', `${plans}/terms`, out_of_bounds);
  assert.equal(refused.status, 400);
  for (const name of Object.keys(out_of_bounds)) assert.ok(name in refused.json(), name);
  const crossed = await broker('PUT', `${plans}/terms`, { quantity_max: 1, title: '   ' });
  assert.deepEqual([crossed.status, 'quantity_max' in crossed.json(), 'title' in crossed.json()], [400, true, true]);
  assert.equal((await broker('PUT', `${plans}/terms`, { quantity_max: 1, quantity_min: 1 })).status, 200);
});

test('an update with the response of a read changes the documented fields only', async () => {
  const { call: rival } = await registerProvider(app, 'rival', 'rivals');
  await broker('POST', plans, { title: 'Round trip', period_amount: 500 });
  const before = (await broker('GET', `${plans}/round-trip`)).json();
  const elsewhere = { id: 99, profile_id: 1, created_at: '2020-01-01T00:00:00Z', nope: true };
  const changed = await broker('PUT', `${plans}/round-trip`, { ...before, ...elsewhere, period_amount: 600 });
  assert.equal(changed.status, 200, changed.text);
  assert.deepEqual((await broker('GET', `${plans}/round-trip`)).json(), {
    ...before,
    period_amount: 600,
    discounted_period_amount: 600,
  });
  await rival('POST', '/api/profile/rivals/plans', { title: 'Of a rival', period_amount: 500 });
  const given = await rival('PATCH', '/api/profile/rivals/plans/of-a-rival', { profile_id: 1 });
  assert.deepEqual([given.status, given.json<{ profile: { slug: string } }>().profile.slug], [200, 'rivals']);
});

test('a plan with an invalid field gets 400, naming the field', async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{}, 'title'],
    [{ title: 'Bad', period_type: 'fortnight' }, 'period_type'],
    [{ title: 'Bad', period_amount: -1 }, 'period_amount'],
    [{ title: 'Bad', period_amount: 1.5 }, 'period_amount'],
    [{ title: 'Bad', period_amount: 1e300 }, 'period_amount'],
    [{ title: 'Bad', unit: 'dollars' }, 'unit'],
    [{ title: 'x'.repeat(51) }, 'title'],
    [{ title: 'Bad', advance_discounts: [{ discount_value: 1 }] }, 'advance_discounts'],
  ];
  for (const [body, field] of cases) {
    const reply = await broker('POST', plans, body);
    assert.equal(reply.status, 400, reply.text);
    assert.ok(Object.keys(reply.json()).includes(field), reply.text);
  }
  const negative = await broker('POST', plans, { title: 'Bad', period_amount: -1 });
  assert.deepEqual(negative.json()['period_amount'], ['Ensure this value is greater than or equal to 0.']);
});

test('only managers of a provider read and write its plans', async () => {
  assert.equal((await visitor('GET', plans)).status, 401);
  for (const method of ['GET', 'POST'] as const) {
    assert.equal((await other_user(method, plans, method === 'GET' ? undefined : { title: 'Mine' })).status, 403);
  }
  const { call } = await registerProvider(app, 'sally', 'sallys');
  assert.equal(
    (await call('POST', '/api/profile/sallys/plans', { title: 'Sold by Sally', broker_fee_percent: 0 })).status,
    403,
  );
  assert.equal((await call('POST', '/api/profile/sallys/plans', { title: 'Sold by Sally' })).status, 201);
  assert.equal((await broker('GET', '/api/profile/cowork/plans/sold-by-sally')).status, 404);
});

test('the list of plans filters by active=true and active=false and refuses other values', async () => {
  await broker('POST', plans, { title: 'Listed on', is_active: true });
  await broker('POST', plans, { title: 'Listed off' });
  const titles = async (query: string) =>
    (await broker('GET', `${plans}?q=Listed&${query}`))
      .json<{ results: { title: string }[] }>()
      .results.map(({ title }) => title);
  assert.deepEqual(await titles('active=true'), ['Listed on']);
  assert.deepEqual(await titles('active=false'), ['Listed off']);
  assert.deepEqual(await titles('o=-title'), ['Listed on', 'Listed off']);
  assert.equal((await broker('GET', `${plans}?active=maybe`)).status, 400);
});

test('a plan with subscribers cannot be deleted', async () => {
  await broker('POST', plans, { title: 'Taken', is_active: true, period_type: 'monthly' });
  assert.equal((await other_user('DELETE', '/api/cart')).status, 204);
  await other_user('POST', '/api/cart', { plan: 'taken' });
  const paid = await other_user('POST', '/api/billing/xia/checkout', {});
  assert.equal(paid.status, 200, paid.text);
  const reply = await broker('DELETE', `${plans}/taken`);
  assert.equal(reply.status, 403);
  assert.equal(reply.json()['detail'], 'Cannot delete a plan with subscribers');
});

test('a plan in a currency without decimals requires whole units on creation and on change', async () => {
  const refused = await broker('POST', plans, {
    title: 'Tatami',
    unit: 'jpy',
    period_amount: 150_050,
    setup_amount: 10,
    advance_discounts: [{ discount_type: 'currency', discount_value: 1, length: 2 }],
    use_charges: [{ slug: 'tea', title: 'Tea', use_amount: 99 }],
  });
  assert.equal(refused.status, 400, refused.text);
  assert.deepEqual(Object.keys(refused.json()).toSorted(), [
    'advance_discounts',
    'code',
    'period_amount',
    'setup_amount',
    'use_charges',
  ]);
  const body = { title: 'Tatami', unit: 'jpy', period_amount: 150_000, period_type: 'monthly' };
  assert.equal((await broker('POST', plans, body)).status, 201);
  assert.equal((await broker('PUT', `${plans}/tatami`, { period_amount: 150_001 })).status, 400);
  assert.equal((await broker('PUT', `${plans}/tatami`, { unit: 'usd', period_amount: 150_001 })).status, 200);
  assert.equal(
    (await broker('PUT', `${plans}/tatami`, { unit: 'krw' })).status,
    400,
    'its price is not a whole number of won',
  );
});
