import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browserClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { eventsNamed, makeUser, testPassword } from '../../../test/support/factories/accounts.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const signedIn = (username: string, password = testPassword) => signInBrowser(app, username, password);

test('the account page updates fields, requires a code for a new address, and follows a rename', async () => {
  await registerUser(app, 'pager');
  const browser = await signedIn('pager', 'correct horse 7');
  await app.db
    .updateTable('users')
    .set({ email_verified_at: app.clock.now() })
    .where('username', '=', 'pager')
    .execute();
  await browser.get('/users/pager/');
  const facts = { username: 'pager', full_name: 'Pager Person', nick_name: '', email: 'pager@example.com', phone: '' };
  const saved = await browser.post('/users/pager/', facts);
  assert.deepEqual([saved.status, saved.headers['location']], [303, '/users/pager/']);

  const alone = await browser.post('/users/pager/', { ...facts, email: 'pager@example.org' });
  assert.equal(alone.status, 400);
  assert.match(alone.text, /Enter your current password/);
  const asked = await browser.post('/users/pager/', {
    ...facts,
    email: 'pager@example.org',
    password: 'correct horse 7',
  });
  assert.equal(asked.status, 200);
  assert.match(asked.text, /We sent a code to pager@example.org/);
  const sent = (await eventsNamed(app.db, 'user_verification')).filter(
    (event) => event['address'] === 'pager@example.org',
  );
  const proved = await browser.post('/users/pager/', {
    ...facts,
    email: 'pager@example.org',
    email_code: String(sent.at(-1)?.['code']),
    username: 'pager2',
  });
  assert.deepEqual([proved.status, proved.headers['location']], [303, '/users/pager2/']);
  const page = await browser.get('/users/pager2/');
  assert.match(page.text, /value="pager@example.org"/);
  const bad = await browser.post('/users/pager2/', { ...facts, username: 'not a name', email: 'pager@example.org' });
  assert.equal(bad.status, 400);
});

test('the password page changes the password; the browser stays signed in with a new cookie', async () => {
  await makeUser(app.db, { username: 'renewed' });
  const [browser, elsewhere] = [await signedIn('renewed'), await signedIn('renewed')];
  const before_change = browser.jar.get('sessionid');
  await browser.get('/users/renewed/password/');
  const fields = { password: testPassword, new_password: 'a fine new sentence', new_password2: 'a fine new sentence' };
  const wrong = await browser.post('/users/renewed/password/', { ...fields, password: 'bad' });
  assert.equal(wrong.status, 400);
  const done = await browser.post('/users/renewed/password/', fields);
  assert.equal(done.status, 303, done.text);
  assert.notEqual(browser.jar.get('sessionid'), before_change);
  assert.equal((await browser.get('/users/renewed/')).status, 200);
  assert.equal((await elsewhere.get('/users/renewed/')).status, 302);
});

test('a user cannot open the account pages of another user', async () => {
  await makeUser(app.db, { username: 'observed' });
  await makeUser(app.db, { username: 'curious' });
  const browser = await signedIn('curious');
  for (const path of ['/users/observed/', '/users/observed/password/']) {
    assert.equal((await browser.get(path)).status, 403, path);
    const response = await browserClient(app).get(path);
    assert.equal(response.status, 302);
    assert.match(String(response.headers['location']), /^\/login\/\?next=/);
  }
  assert.equal((await browser.get('/users/')).headers['location'], '/users/curious/');
});
