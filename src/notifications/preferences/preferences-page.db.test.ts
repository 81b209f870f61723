import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let api: ReturnType<typeof apiClient>;
const address = '/users/owner/notifications/';
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  await registerBrokerManager(app, 'donny');
  api = apiClient(app, await registerUser(app, 'owner'));
  await registerUser(app, 'other');
});
after(() => app.close());

const signedIn = (username: string) => signInBrowser(app, username);

const enabled = async () =>
  (await api('GET', '/api/users/owner/notifications')).json<{ notifications: string[] }>().notifications;

test('a user switches e-mails off and on; events without an e-mail keep their choice', async () => {
  const owner = await signedIn('owner');
  const page = await owner.get(address);
  assert.equal(page.status, 200, page.text);
  assert.match(page.text, /name="order_executed"[^>]*checked/);
  assert.doesNotMatch(page.text, /name="user_contact"|name="user_logged_in"|name="user_verification"/);
  const before_change = await enabled();
  assert.ok(before_change.includes('user_logged_in'));
  const saved = await owner.post(address, { order_executed: '1', card_updated: '1' });
  assert.deepEqual([saved.status, saved.headers['location']], [303, address]);
  const now = await enabled();
  assert.ok(now.includes('order_executed') && now.includes('user_logged_in'), now.join());
  assert.ok(!now.includes('charge_updated') && !now.includes('profile_updated'), now.join());
  assert.doesNotMatch((await owner.get(address)).text, /name="charge_updated"[^>]*checked/);
  await owner.post(address, Object.fromEntries(before_change.map((event) => [event, '1'])));
  assert.deepEqual(await enabled(), before_change);
});

test('managers of the broker choose e-mails of the site; other users open no page but their own', async () => {
  const donny = await signedIn('donny');
  const own = (await donny.get('/users/donny/notifications/')).text;
  assert.match(own, /name="user_contact"/);
  assert.match(own, /href="\/proxy\/notifications\/"/);
  assert.equal((await donny.get(address)).status, 200);
  const other = await signedIn('other');
  assert.equal((await other.get(address)).status, 403);
  await other.get('/users/other/');
  assert.equal((await other.post(address, {})).status, 403);
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  const owner = await signedIn('owner');
  await requirePageBudget((url) => owner.get(url), [address]);
});
