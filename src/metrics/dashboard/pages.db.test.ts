import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { apiClient, browserClient } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { findProfileBySlug } from '#profiles';

/** `acme` pays a plan of `gymclub` (11.00) and one of `poolside` (240.00 per year) in one charge. */
let app: TestApp;
type Name = 'gina' | 'paul' | 'bea' | 'boss';
const browsers = {} as Record<Name, ReturnType<typeof browserClient>>;
let key: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const { db } = app;
  const ctx = await testContext(db);
  const person = async (username: Name) => {
    const user = await makeReadyUser(db, { username });
    browsers[username] = browserClient(app);
    await browsers[username].get('/login/');
    await browsers[username].post('/login/', { username, password: testPassword });
    return user;
  };
  const [gina, paul, bea, owner] = [
    await person('gina'),
    await person('paul'),
    await person('bea'),
    await person('boss'),
  ];
  const broker = await findProfileBySlug(db, 'cowork');
  assert.ok(broker);
  await makeMember(db, broker, bea, 'manager');
  const acme = await makeOrganization(db, { slug: 'acme', manager: owner });
  await db.updateTable('profiles').set({ full_name: '<i>Evil</i>' }).where('id', '=', acme.id).execute();
  const gym = await makeOrganization(db, { slug: 'gymclub', manager: gina, is_provider: true });
  const pool = await makeOrganization(db, { slug: 'poolside', manager: paul, is_provider: true });
  await makePlan(ctx, { provider_id: gym.id, title: 'Gym pass', period_amount: 1100 });
  await makePlan(ctx, { provider_id: pool.id, title: 'Pool card', period_amount: 24_000, period_type: 'yearly' });
  const boss = apiClient(app, await tokenOf(app, owner));
  for (const plan of ['gym-pass', 'pool-card']) assert.equal((await boss('POST', '/api/cart', { plan })).status, 201);
  const paid = await boss('POST', '/api/billing/acme/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  key = String(paid.json()['processor_key']);
});
after(() => app.close());

const home = (slug: string) => `/metrics/${slug}/dashboard/`;

test('a seller sees its own part of a shared charge and nothing of the other seller', async () => {
  const { status, text } = await browsers.gina.get(home('gymclub'));
  assert.equal(status, 200, text);
  assert.match(text, /\$11\.00 today/);
  assert.match(text, new RegExp(`/billing/acme/receipt/${key}/`));
  assert.doesNotMatch(text.replaceAll(key, ''), /pool|240\.00|251\.00|<i>Evil/i);
});

test('the values of a chart are downloaded by its seller only', async () => {
  const url = `${home('gymclub')}download/usd/`;
  const { status, text } = await browsers.gina.get(url);
  assert.equal(status, 200, text);
  const rows = text.trim().split('\r\n');
  assert.equal(rows.length, 14, text);
  assert.match(rows.at(-1) ?? '', /,11\.00,/);
  assert.equal((await browsers.paul.get(url)).status, 403);
});

test('recurring revenue divides the price of a year by its months', async () => {
  assert.match((await browsers.paul.get(home('poolside'))).text, /\$20\.00/);
});

test('a dispute is among what waits for the seller, with the amount of its lines', async () => {
  const url = `/_dev/processor/charges/${key}`;
  await app.http.inject({ method: 'POST', url, payload: { state: 'disputed' } });
  assert.match((await browsers.gina.get(home('gymclub'))).text, /1 dispute, \$11\.00/);
});

test('the broker opens every home, other sellers and subscribers none', async () => {
  assert.equal((await browsers.bea.get(home('cowork'))).status, 200);
  assert.equal((await browsers.bea.get(home('gymclub'))).status, 200);
  assert.equal((await browsers.paul.get(home('gymclub'))).status, 403);
  assert.equal((await browsers.boss.get(home('gymclub'))).status, 403);
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => browsers.gina.get(url), [home('gymclub')]);
});
