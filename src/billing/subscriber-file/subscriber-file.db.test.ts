import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { apiClient, browserClient } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;

before(async () => {
  app = await startApp();
  const ctx = await testContext(app.db);
  const [gina, paul, boss] = [
    await makeReadyUser(app.db, { username: 'gina' }),
    await makeReadyUser(app.db, { username: 'paul' }),
    await makeReadyUser(app.db, { username: 'boss' }),
  ];
  await makeOrganization(app.db, { slug: 'acme', manager: boss });
  const gym = await makeOrganization(app.db, { slug: 'gym', manager: gina, is_provider: true });
  const pool = await makeOrganization(app.db, { slug: 'pool', manager: paul, is_provider: true });
  await makePlan(ctx, { provider_id: gym.id, title: 'Desk', period_amount: 1100 });
  await makePlan(ctx, { provider_id: pool.id, title: 'Swim lane', period_amount: 2300 });
  const call = apiClient(app, await tokenOf(app, boss));
  for (const plan of ['desk', 'swim-lane']) {
    assert.equal((await call('POST', '/api/cart', { plan })).status, 201);
    const paid = await call('POST', '/api/billing/acme/checkout', { processor_token: 'tok_visa' });
    assert.equal(paid.status, 201, paid.text);
  }
});
after(() => app.close());

const file = '/profile/acme/contact/';

async function signIn(username: string) {
  const browser = browserClient(app);
  await browser.get('/login/');
  assert.equal((await browser.post('/login/', { username, password: testPassword })).status, 303);
  return browser;
}

async function look(username: string) {
  return (await signIn(username)).get(file);
}

test('a provider sees its own subscriptions and payments of a subscriber, and what comes next', async () => {
  const { status, text } = await look('gina');
  assert.equal(status, 200, text.slice(0, 500));
  assert.match(text, /Subscribed to/);
  for (const action of ['stop', 'pause', 'change'])
    assert.ok(text.includes(`href="/profile/acme/subscriptions/desk/${action}/"`), action);
  assert.match(text, /\/profile\/gym\/subscribers\/acme\/desk\/extend\//);
  assert.match(text, /11\.00/);
  assert.doesNotMatch(text, /Swim lane|23\.00/);
  const other = (await look('paul')).text;
  assert.match(other, /Swim lane/);
  assert.doesNotMatch(other, /11\.00|plans\/desk/);
});

test('a manager of the subscriber has the form of the contact details', async () => {
  const { text } = await look('boss');
  assert.match(text, /name="full_name"/);
  assert.doesNotMatch(text, /Subscribed to/);
});

test('the file stays within the budget of statements', { skip: withoutCounts }, async () => {
  const [provider, subscriber] = [await signIn('gina'), await signIn('boss')];
  await requirePageBudget((url) => provider.get(url), [file]);
  await requirePageBudget((url) => subscriber.get(url), [file]);
});
