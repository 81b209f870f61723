import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { findSite } from '#platform/site';
import { insertFirstRules } from '#gateway';
import { findProfileBySlug, type Profile } from '#profiles';
import { browserClient, signInBrowser } from '../../test/support/client.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../test/support/factories/profiles.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';
import { hashPassword } from '#platform/security/password';

const page = '/metrics/cowork/setup/';
const password = 'correct-horse-battery';

let app: TestApp;
let broker: Profile;
type Browser = ReturnType<typeof browserClient>;
let manager: Browser;

before(async () => {
  app = await startApp();
  const found = await findProfileBySlug(app.db, 'cowork');
  assert.ok(found);
  broker = found;
  const { id } = await readSite();
  await inTransaction(app.db, (tx) => insertFirstRules(tx, id));
  const password_hash = await hashPassword(password);
  for (const [username, role] of [
    ['donny', 'manager'],
    ['alice', 'contributor'],
  ] as const)
    await makeMember(app.db, broker, await makeReadyUser(app.db, { username, password_hash }), role);
  const seller = await makeReadyUser(app.db, { username: 'seller', password_hash });
  await makeOrganization(app.db, { slug: 'prov', manager: seller, is_provider: true });
});
after(() => app.close());
beforeEach(async () => {
  manager = await signIn('donny');
});

const signIn = (username: string) => signInBrowser(app, username, password);

const readSite = async () => {
  const found = await findSite(app.db);
  assert.ok(found);
  return found;
};

test('a manager names the site; a refusal shows all errors and keeps the input', async () => {
  await manager.get(page);
  const refused = await manager.post(page, { step: 'name', title: '', email: 'no address' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /Enter the name of your site/);
  assert.match(refused.text, /Enter an e-mail address/);
  assert.match(refused.text, /value="no address"/);
  const saved = await manager.post(page, { step: 'name', title: 'Acme', email: 'hello@acme.example' });
  assert.equal(saved.status, 303, saved.text);
  assert.equal((await readSite()).title, 'Acme');
  const renamed = await findProfileBySlug(app.db, 'cowork');
  assert.deepEqual([renamed?.full_name, renamed?.email], ['Acme', 'hello@acme.example']);
  assert.match((await manager.get('/pricing/')).text, /Acme/);
});

test('a manager creates the first plan, which is then offered to visitors', async () => {
  await manager.get(page);
  const refused = await manager.post(page, { step: 'plan', plan_title: '', price: 'much', unit: 'xxx' });
  assert.equal(refused.status, 400);
  for (const message of [/Enter a name/, /Enter an amount/, /Choose a currency/, /Choose a billing period/])
    assert.match(refused.text, message);
  const fields = { step: 'plan', plan_title: 'Starter', price: '20,50', unit: 'eur', period_type: 'monthly' };
  assert.equal((await manager.post(page, fields)).status, 303);
  const plan = await app.db.selectFrom('plans').selectAll().where('title', '=', 'Starter').executeTakeFirstOrThrow();
  assert.deepEqual([plan.period_amount, plan.unit, plan.is_active], [2050, 'eur', true]);
  const again = await manager.post(page, fields);
  assert.match(again.text, /A plan with this title already exists/);
  assert.match((await browserClient(app).get('/pricing/')).text, /Starter/);
});

test('a test of the connection does not save the address', async () => {
  await manager.get(page);
  const tested = await manager.post(page, { step: 'application', entry_point: 'http://127.0.0.1:1/', do: 'test' });
  assert.equal(tested.status, 200);
  assert.match(tested.text, /The connection was refused/);
  assert.match(tested.text, /value="http:\/\/127\.0\.0\.1:1\/"/);
  assert.equal((await readSite()).entry_point, null);
  await manager.post(page, { step: 'application', entry_point: 'http://127.0.0.1:1/', do: 'save' });
  assert.equal((await readSite()).entry_point, 'http://127.0.0.1:1/');
});

test('a manager who opens a granted page without an application gets a link to the set-up', async () => {
  const help = await manager.get('/app/cowork/');
  assert.match(help.text, /\/metrics\/cowork\/setup\//);
});

test('a pattern creates the rule of a path, or changes it when the path has one', async () => {
  const rule = (path: string) =>
    app.db.selectFrom('access_rules').selectAll().where('path', '=', path).executeTakeFirst();
  await manager.get(page);
  assert.equal((await manager.post(page, { step: 'rule', pattern: 'subscribers' })).status, 303);
  assert.equal((await rule('/app/{profile}/'))?.is_forward, true);
  assert.equal((await manager.post(page, { step: 'rule', pattern: 'signed_in', path: '/app/{profile}/' })).status, 303);
  const rows = await app.db.selectFrom('access_rules').select('path').where('path', '=', '/app/{profile}/').execute();
  assert.equal(rows.length, 1);
  const refused = await manager.post(page, { step: 'rule', pattern: 'signed_in', path: '/a b?/' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /value="\/a b\?\/"/);
});

test('the session key is shown once, in a response that is not cached', async () => {
  await manager.get(page);
  const shown = await manager.post(page, { step: 'key' });
  const key = /id="session-key">([-\w]{43})</.exec(shown.text)?.[1];
  assert.ok(key, shown.text);
  assert.equal(shown.headers['cache-control'], 'no-store');
  assert.ok(!(await manager.get(page)).text.includes(key));
  for (const language of ['TypeScript', 'Python', 'Go', 'PHP']) assert.ok(shown.text.includes(`<summary>${language}`));
});

test('a contributor of the broker can read the steps and change nothing', async () => {
  const contributor = await signIn('alice');
  const reply = await contributor.get(page);
  assert.equal(reply.status, 200);
  assert.ok(!reply.text.includes('name="step"'));
  assert.equal((await contributor.post(page, { step: 'key' })).status, 403);
});

test('providers and visitors cannot open the page, and no other profile has one', async () => {
  const provider = await signIn('seller');
  assert.equal((await provider.get('/metrics/prov/setup/')).status, 403);
  assert.equal((await provider.get(page)).status, 403);
  assert.equal((await manager.get('/metrics/prov/setup/')).status, 404);
  assert.equal((await browserClient(app).get(page)).status, 302);
});

test('an unknown step gets 404', async () => {
  await manager.get(page);
  assert.equal((await manager.post(page, { step: 'constructor' })).status, 404);
});
