import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { hashPassword } from '#platform/security/password';
import { findSite, type Site, updateSite } from '#platform/site';
import { findProfileBySlug } from '#profiles';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import type { browserClient } from '../../../test/support/client.ts';
import { signInBrowser } from '../../../test/support/client.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { startApp, TEST_SECRET, type TestApp } from '../../../test/support/start-app.ts';
import { openSessionKey } from '../sessions/index.ts';

const page = '/proxy/rules/application/';
const key_page = '/proxy/rules/application/key/';
const password = 'correct-horse-battery';
type Browser = ReturnType<typeof browserClient>;

let app: TestApp;
let manager: Browser;
let contributor: Browser;

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const password_hash = await hashPassword(password);
  for (const [username, role] of [
    ['donny', 'manager'],
    ['alice', 'contributor'],
  ] as const)
    await makeMember(app.db, broker, await makeReadyUser(app.db, { username, password_hash }), role);
  await makeReadyUser(app.db, { username: 'eve', password_hash });
  manager = await signIn('donny');
  contributor = await signIn('alice');
});
after(() => app.close());

const settings = {
  entry_point: 'http://app.example.com:8001/',
  authentication: 'enabled',
  session_backend: 2,
  cors_restricted: true,
  welcome_email: true,
} as const;
const form = { ...settings, session_backend: '2', cors_restricted: '1', welcome_email: '1' };

beforeEach(async () => {
  const { id } = await readSite();
  await inTransaction(app.db, (tx) => updateSite(tx, id, settings));
});

const signIn = (username: string) => signInBrowser(app, username, password);

async function readSite(): Promise<Site> {
  const site = await findSite(app.db);
  assert.ok(site);
  return site;
}

const versionIn = (html: string) => /name="edit_version" value="([^"]*)"/.exec(html)?.[1] ?? '';

test('a manager changes every setting; a box that is not ticked is off', async () => {
  const edit_version = versionIn((await manager.get(page)).text);
  const saved = await manager.post(page, {
    entry_point: '',
    authentication: 'login-only',
    session_backend: '1',
    edit_version,
  });
  assert.equal(saved.status, 303, saved.text.slice(0, 500));
  const { entry_point, authentication, session_backend, cors_restricted, welcome_email } = await readSite();
  assert.deepEqual(
    { entry_point, authentication, session_backend, cors_restricted, welcome_email },
    {
      entry_point: null,
      authentication: 'login-only',
      session_backend: 1,
      cors_restricted: false,
      welcome_email: false,
    },
  );
});

test('a refused address keeps the input and changes nothing', async () => {
  const edit_version = versionIn((await manager.get(page)).text);
  const refused = await manager.post(page, {
    ...form,
    entry_point: 'ftp://files.example.com/',
    session_backend: '0',
    edit_version,
  });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /Enter an address that starts with http/);
  assert.match(refused.text, /value="ftp:\/\/files.example.com\/"/);
  assert.equal(versionIn(refused.text), edit_version, 'the version of the form stays');
  assert.equal((await readSite()).session_backend, 2);
});

test('the second of two editors sees what changed, and nothing is saved', async () => {
  const edit_version = versionIn((await manager.get(page)).text);
  assert.equal((await manager.post(page, { ...form, authentication: 'disabled', edit_version })).status, 303);
  const second = await manager.post(page, { ...form, authentication: 'login-only', edit_version });
  assert.equal(second.status, 409);
  assert.match(second.text, /changed this while you edited it/);
  assert.equal((await readSite()).authentication, 'disabled');
});

test('a test of the connection shows the result and saves nothing', async () => {
  const server = createServer((_request, response) => response.writeHead(204).end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  await manager.get(page);
  const entry_point = `http://127.0.0.1:${port}/`;
  const answered = await manager.post(page, { ...form, entry_point, do: 'test' });
  assert.equal(answered.status, 200, answered.text.slice(0, 500));
  assert.match(answered.text, /responded with status 204/);
  assert.ok(answered.text.includes(`value="${entry_point}"`));
  server.close();
  await new Promise((resolve) => server.once('close', resolve));
  assert.match((await manager.post(page, { ...form, entry_point, do: 'test' })).text, /The connection was refused/);
  assert.equal((await readSite()).entry_point, settings.entry_point);
});

test('a new key is made after its confirmation only, is shown once, and a form that is sent twice makes one', async () => {
  const former = openSessionKey(await readSite(), TEST_SECRET);
  const confirm = await manager.get(key_page);
  assert.match(confirm.text, /is not accepted any more/);
  const edit_version = versionIn(confirm.text);
  assert.equal((await manager.post(key_page, { edit_version, typed_name: 'other' })).status, 400);
  assert.equal(openSessionKey(await readSite(), TEST_SECRET), former);

  const made = await manager.post(key_page, { edit_version, typed_name: 'cowork' });
  assert.equal(made.status, 200, made.text.slice(0, 500));
  assert.equal(made.headers['cache-control'], 'no-store');
  const key = openSessionKey(await readSite(), TEST_SECRET);
  assert.notEqual(key, former);
  assert.ok(made.text.includes(key));
  const again = await manager.post(key_page, { edit_version, typed_name: 'cowork' });
  assert.equal(again.status, 409);
  assert.match(again.text, /No further key was made/);
  assert.equal(openSessionKey(await readSite(), TEST_SECRET), key);
  for (const url of [page, key_page, '/proxy/rules/']) assert.ok(!(await manager.get(url)).text.includes(key));
});

test('the page shows what the application receives about a user; only managers see the signed header', async () => {
  const shown = await manager.get(`${page}?user=eve`);
  assert.match(shown.text, /&quot;username&quot;: &quot;eve&quot;|&#34;username&#34;: &#34;eve&#34;/);
  assert.match(shown.text, /Authorization: Bearer ey/);
  assert.match((await manager.get(`${page}?user=missing`)).text, /User not found/);
  const looked = await contributor.get(`${page}?user=eve`);
  assert.equal(looked.status, 200);
  assert.match(looked.text, /username/);
  assert.doesNotMatch(looked.text, /Authorization: Bearer/);
});

test('contributors of the broker change nothing, others see nothing', async () => {
  const before_site = await readSite();
  for (const url of [page, key_page])
    assert.equal((await contributor.post(url, { ...form, typed_name: 'cowork' })).status, 403, url);
  assert.deepEqual(await readSite(), before_site);
  const eve = await signIn('eve');
  for (const url of [page, key_page, `${page}?user=donny`]) assert.equal((await eve.get(url)).status, 403, url);
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => manager.get(url), [page, `${page}?user=eve`, key_page]);
});
