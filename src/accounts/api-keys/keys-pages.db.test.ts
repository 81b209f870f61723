import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import type { browserClient } from '../../../test/support/client.ts';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let owner: ReturnType<typeof browserClient>;
const password = 'correct horse 7';
const address = '/users/owner/pubkey/';
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  for (const name of ['owner', 'other']) await registerUser(app, name);
  owner = await signedIn('owner');
});
after(() => app.close());

const signedIn = (username: string) => signInBrowser(app, username, password);

const secretIn = (html: string): string => /<code>([A-Za-z0-9]{64})<\/code>/.exec(html)?.[1] ?? '';

test('a key is made with the password, shown once, works, and is deleted with the password', async () => {
  assert.match((await owner.get(address)).text, /You have no API key/);
  const refused = await owner.post(address, { title: '<b>Export', password: 'wrong' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /value="&lt;b&gt;Export"/);
  assert.match(refused.text, /This is not your password/);
  assert.doesNotMatch(refused.text, /value="wrong"/);

  const made = await owner.post(address, { title: '<b>Export', password });
  assert.equal(made.status, 200, made.text);
  assert.match(String(made.headers['cache-control']), /no-store/);
  const secret = secretIn(made.text);
  assert.equal(secret.length, 64);
  const listed = await owner.get(address);
  assert.equal(secretIn(listed.text), '');
  assert.match(listed.text, /&lt;b&gt;Export/);
  const authorization = `Basic ${Buffer.from(`${secret}:`).toString('base64')}`;
  const called = async () =>
    (await app.http.inject({ method: 'GET', url: '/api/users/owner', headers: { authorization } })).statusCode;
  assert.equal(await called(), 200);

  const remove = `${address}${secret.slice(0, 32)}/`;
  assert.match((await owner.get(remove)).text, /are refused at once/);
  assert.equal((await owner.post(remove, { password: '' })).status, 400);
  assert.equal(await called(), 200);
  const removed = await owner.post(remove, { password });
  assert.deepEqual([removed.status, removed.headers['location']], [303, address]);
  assert.equal(await called(), 401);
  assert.equal((await owner.get(remove)).status, 404);
});

test('the SSH key is saved with the password, and a refused one is kept in its form', async () => {
  await owner.get(address);
  const refused = await owner.post(address, { action: 'ssh_key', pubkey: 'no key', ssh_password: password });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /no key<\/textarea>/);
  const pubkey = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 7)]).toString('base64')}`;
  const unproved = await owner.post(address, { action: 'ssh_key', pubkey });
  assert.equal(unproved.status, 400);
  assert.match(unproved.text, /href="#id_ssh_password"/);
  const saved = await owner.post(address, { action: 'ssh_key', pubkey, ssh_password: password });
  assert.equal(saved.status, 303, saved.text);
  assert.match((await owner.get(address)).text, /ssh-ed25519 AAAAC3/);
  assert.match((await owner.get('/users/owner/password/')).text, /SSH key: saved/);
});

test('no other user opens the keys or the deletion of a user', async () => {
  const other = await signedIn('other');
  for (const url of [address, '/users/owner/delete/', '/users/owner/password/']) {
    assert.equal((await other.get(url)).status, 403, url);
    await other.get('/users/other/');
    assert.equal((await other.post(url, { password, typed_name: 'owner' })).status, 403, url);
  }
});

test('signing out everywhere ends every session', async () => {
  const [here, there] = [await signedIn('other'), await signedIn('other')];
  await here.get('/users/other/password/');
  const done = await here.post('/users/other/password/', { action: 'sign_out_everywhere' });
  assert.deepEqual([done.status, done.headers['location']], [303, '/login/']);
  for (const browser of [here, there]) assert.equal((await browser.get('/users/other/')).status, 302);
});

test('an account is deleted with its name and password; refusals keep the name', async () => {
  await registerUser(app, 'gone');
  const gone = await signedIn('gone');
  const url = '/users/gone/delete/';
  const page = await gone.get(url);
  assert.equal(page.status, 200, page.text);
  assert.match(page.text, /Orders, payments and receipts/);
  const unnamed = await gone.post(url, { typed_name: 'gon', password });
  assert.equal(unnamed.status, 400);
  assert.match(unnamed.text, /value="gon"/);
  assert.equal((await gone.post(url, { typed_name: 'gone', password: 'wrong' })).status, 400);
  assert.equal((await gone.get('/users/gone/')).status, 200);
  const done = await gone.post(url, { typed_name: 'Gone', password });
  assert.deepEqual([done.status, done.headers['location']], [303, '/login/']);
  assert.ok((await apiClient(app)('POST', '/api/auth', { username: 'gone', password })).status >= 400);
});

test('each page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => owner.get(url), [address, '/users/owner/password/', '/users/owner/delete/']);
});
