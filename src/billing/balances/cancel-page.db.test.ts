import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from '#profiles';
import { browserClient } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { makePerson, subscribe } from '../../../test/support/factories/subscriptions.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { billUses } from './bill-uses.ts';

let app: TestApp;
let browser: ReturnType<typeof browserClient>;

before(async () => {
  app = await startApp();
  const ctx = await testContext(app.db);
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  await makeMember(app.db, broker, await makeReadyUser(app.db, { username: 'mona' }), 'manager');
  const use_charges = [{ slug: 'calls', title: 'Calls', quota: 0, use_amount: 250 }];
  const plan = await makePlan(ctx, { title: 'Desk', use_charges });
  const { profile } = await makePerson(app.db, 'ann');
  await subscribe(ctx, profile, plan);
  await billUses(ctx, {
    profile_id: profile.id,
    sellers: null,
    plan: plan.slug,
    use: 'calls',
    quantity: 4,
    sync_on: null,
    created_at: null,
    request_key: null,
  });
  browser = browserClient(app);
  await browser.get('/login/');
  assert.equal((await browser.post('/login/', { username: 'mona', password: testPassword })).status, 303);
});
after(() => app.close());

const url = '/billing/ann/cancel-balance/';
const fieldsOf = (html: string) =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="(due|key)" value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  ) as Record<string, string>;

test('a write-off shows its amount first, is done once, and is refused when the balance changed', async () => {
  const history = await browser.get('/billing/ann/history/');
  assert.match(history.text, /cancel-balance\//);
  const confirm = await browser.get(url);
  assert.equal(confirm.status, 200, confirm.text);
  assert.match(confirm.text, /Write off \$10\.00/);
  const fields = fieldsOf(confirm.text);
  const outdated = await browser.post(url, { ...fields, due: '$9.00' });
  assert.equal(outdated.status, 409);
  assert.match(outdated.text, /The balance changed since it was shown/, 'balance_changed');
  const done = await browser.post(url, fields);
  assert.equal(done.status, 303, done.text);
  assert.match((await browser.follow(done)).text, /\$10\.00 was written off/);
  assert.equal((await browser.post(url, fields)).status, 303, 'the same form again');
  const rows = await app.db.selectFrom('adjustments').select(['kind', 'amount']).execute();
  assert.deepEqual(rows, [{ kind: 'write_off', amount: 1000 }]);
  const nothing = await browser.get(url);
  assert.equal(nothing.status, 303);
});
