import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { browserClient, registerUser } from '../../../../test/support/client.ts';
import { runJob } from '../../../../test/support/run-job.ts';
import { startApp, type TestApp } from '../../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  for (const name of ['ann', 'ben']) await registerUser(app, name);
});
beforeEach(() => app.db.deleteFrom('kept_posts').execute());
after(() => app.close());

const MINUTE_MS = 60_000;
/** Origin of requests that `inject` makes. */
const origin = () => 'http://localhost:80';
type Browser = ReturnType<typeof browserClient>;

const form = {
  full_name: 'Ann <b>Lee</b>',
  email: 'ann@new.example',
  street_address: '7 Elm Street',
  default_timezone: 'UTC',
};

async function signIn(browser: Browser, username: string, next = ''): Promise<string> {
  await browser.get(`/login/${next}`);
  const reply = await browser.post(`/login/${next}`, { username, password: 'correct horse 7' });
  assert.equal(reply.status, 303, reply.text);
  return String(reply.headers['location']);
}

/** Ends the session of a browser that has read the page of its profile, as an expired cookie does. */
async function readThenExpire(username = 'ann'): Promise<Browser> {
  const browser = browserClient(app);
  await signIn(browser, username);
  assert.equal((await browser.get(`/profile/${username}/contact/`)).status, 200);
  browser.jar.delete('sessionid');
  return browser;
}

const send = (browser: Browser, url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  browser.post(url, fields, { origin: origin(), ...headers });

const countKept = async (): Promise<number> => {
  const { count } = await app.db
    .selectFrom('kept_posts')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
};

const fullName = async (slug: string) =>
  (await app.db.selectFrom('profiles').select('full_name').where('slug', '=', slug).executeTakeFirstOrThrow())
    .full_name;

test('a form of an ended session is shown after the sign-in, once, and is not executed', async () => {
  const browser = await readThenExpire();
  const refused = await send(browser, '/profile/ann/contact/', form);
  assert.equal(refused.status, 302);
  assert.equal(refused.headers['location'], '/login/?next=%2Fprofile%2Fann%2Fcontact%2F');
  assert.match((await browser.follow(refused)).text, /Your session ended/);

  const next = await signIn(browser, 'ann', '?next=%2Fprofile%2Fann%2Fcontact%2F');
  const shown = await browser.get(next);
  assert.match(shown.text, /value="Ann &lt;b&gt;Lee&lt;\/b&gt;"/);
  assert.match(shown.text, /value="7 Elm Street"/);
  assert.match(shown.text, /Nothing was saved yet/);
  assert.equal(await fullName('ann'), 'Ann Tester');

  const again = await browser.get(next);
  assert.doesNotMatch(again.text, /Elm Street/);
  assert.equal(await countKept(), 0);

  await browser.get(next);
  assert.equal((await send(browser, next, { ...form, street_address: '', full_name: 'Ann Lee' })).status, 303);
  assert.equal(await fullName('ann'), 'Ann Lee');
});

test('a kept edit form that was changed by another user meanwhile is a conflict', async () => {
  const browser = browserClient(app);
  await signIn(browser, 'ann');
  const read = await browser.get('/profile/ann/contact/');
  const edit_version = /name="edit_version" value="([^"]+)"/.exec(read.text)?.[1] ?? '';
  browser.jar.delete('sessionid');
  await send(browser, '/profile/ann/contact/', { ...form, edit_version });
  await app.db.updateTable('profiles').set({ full_name: 'Changed' }).where('slug', '=', 'ann').execute();
  await signIn(browser, 'ann');
  const shown = await browser.get('/profile/ann/contact/');
  assert.match(shown.text, /Elm Street/);
  const kept_version = /name="edit_version" value="([^"]+)"/.exec(shown.text)?.[1] ?? '';
  assert.equal(kept_version, edit_version);
  assert.equal((await send(browser, '/profile/ann/contact/', { ...form, edit_version: kept_version })).status, 409);
  assert.equal(await fullName('ann'), 'Changed');
});

test('another user of the same browser never sees the form, and nor does its owner after that', async () => {
  const browser = await readThenExpire();
  await send(browser, '/profile/ann/contact/', form);
  await signIn(browser, 'ben');
  // Ben may not open the page; the same address is asked for by a manager of the broker in the next test.
  assert.doesNotMatch((await browser.get('/profile/ann/contact/')).text, /Elm Street/);
  assert.doesNotMatch((await browser.get('/profile/ben/contact/')).text, /Elm Street/);
});

test('a broker manager who may open the page does not see the form of its owner', async () => {
  const browser = await readThenExpire();
  await send(browser, '/profile/ann/contact/', form);
  await makeBrokerManager('ben');
  await signIn(browser, 'ben');
  const page = await browser.get('/profile/ann/contact/');
  assert.equal(page.status, 200);
  assert.doesNotMatch(page.text, /Elm Street|Nothing was saved yet/);
  assert.equal(await countKept(), 0);
});

test('another browser of the same user does not see the form', async () => {
  const browser = await readThenExpire();
  await send(browser, '/profile/ann/contact/', form);
  const other = browserClient(app);
  await signIn(other, 'ann');
  assert.doesNotMatch((await other.get('/profile/ann/contact/')).text, /Elm Street/);
  other.jar.set('kept', 'A'.repeat(32));
  assert.doesNotMatch((await other.get('/profile/ann/contact/')).text, /Elm Street/);
  await signIn(browser, 'ann');
  assert.match((await browser.get('/profile/ann/contact/')).text, /Elm Street/);
});

test('a form is shown for 15 minutes, and a job deletes it', async () => {
  const browser = await readThenExpire();
  await send(browser, '/profile/ann/contact/', form);
  app.clock.set(new Date(app.clock.now().getTime() + 15 * MINUTE_MS));
  await runJob(app.tollgate, 'forget_kept_posts');
  assert.equal(await countKept(), 0);
  await signIn(browser, 'ann');
  assert.doesNotMatch((await browser.get('/profile/ann/contact/')).text, /Elm Street/);
});

test('secrets and card numbers are not kept, and the texts are sealed', async () => {
  const browser = await readThenExpire();
  await send(browser, '/profile/ann/contact/', {
    ...form,
    password: 'correct horse 7',
    new_password2: 'x',
    otp_code: '123456',
    card_number: '4242424242424242',
    card_cvc: '123',
    phone: 'card 4242 4242 4242 4242',
  });
  const rows = await app.db.selectFrom('kept_posts').selectAll().execute();
  assert.equal(rows.length, 1);
  assert.doesNotMatch(JSON.stringify(rows), /Elm|ann@new|4242|correct|\/profile/);
  await signIn(browser, 'ann');
  const page = await browser.get('/profile/ann/contact/');
  assert.match(page.text, /Elm Street/);
  assert.doesNotMatch(page.text, /4242|correct horse|123456/);
});

test('a page of another site cannot leave a form in the browser', async () => {
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    const browser = await readThenExpire();
    await browser.post('/profile/ann/contact/', form, headers);
    assert.equal(await countKept(), 0, JSON.stringify(headers));
  }
  const browser = await readThenExpire();
  await browser.post('/profile/ann/contact/', form); // no header names the origin
  assert.equal(await countKept(), 0);
});

test('a form without the token of a signed-in user is not kept', async () => {
  const visitor = browserClient(app);
  await visitor.get('/login/');
  const refused = await send(visitor, '/profile/ann/contact/', form);
  assert.equal(refused.status, 302);
  assert.equal(refused.headers['location'], '/login/');
  for (const _csrf of ['', 'x', `${'a'.repeat(22)}.${'b'.repeat(43)}`])
    await send(visitor, '/profile/ann/contact/', { ...form, _csrf });
  assert.equal(await countKept(), 0);
});

test('a token with a forged owner is shown to no user', async () => {
  const browser = await readThenExpire();
  await send(browser, '/profile/ann/contact/', {
    ...form,
    _csrf: `${'a'.repeat(22)}.${'b'.repeat(22)}.${'c'.repeat(43)}`,
  });
  await signIn(browser, 'ann');
  assert.doesNotMatch((await browser.get('/profile/ann/contact/')).text, /Elm Street/);
});

test('files, large forms, programs and routes without a page are not kept', async () => {
  const browser = await readThenExpire();
  await send(browser, '/profile/ann/contact/', { full_name: 'x'.repeat(66_000) });
  await send(browser, '/profile/ann/contact/', form, { accept: 'application/json' });
  await send(browser, '/profile/ann/contact/', form, { 'content-type': 'multipart/form-data; boundary=x' });
  await send(browser, '/logout/', form);
  await send(browser, '/undo/x/', form);
  assert.equal(await countKept(), 0);
});

test('at most five forms are kept for one browser', async () => {
  const browser = await readThenExpire();
  for (let n = 0; n < 7; n += 1) {
    app.clock.set(new Date(app.clock.now().getTime() + 1000));
    await send(browser, `/profile/ann/contact/?n=${n}`, form);
  }
  assert.equal(await countKept(), 5);
});

test('a page that is older than the session is shown again with its input', async () => {
  const browser = browserClient(app);
  await signIn(browser, 'ann');
  await browser.get('/profile/ann/contact/');
  browser.jar.delete('sessionid');
  const csrf = browser.csrf();
  await signIn(browser, 'ann');
  const outdated = await send(browser, '/profile/ann/contact/', { ...form, _csrf: csrf });
  assert.equal(outdated.status, 303);
  assert.equal(outdated.headers['location'], '/profile/ann/contact/');
  const shown = await browser.follow(outdated);
  assert.match(shown.text, /Elm Street/);
  assert.equal(
    (await send(browser, '/profile/ann/contact/', { ...form, street_address: '', full_name: 'Ann Lee' })).status,
    303,
  );
});

test('a page that was rendered for another user is refused, and its input is not shown', async () => {
  const browser = await readThenExpire();
  const csrf = browser.csrf();
  await makeBrokerManager('ben');
  await signIn(browser, 'ben');
  const refused = await send(browser, '/profile/ann/contact/', { ...form, _csrf: csrf });
  assert.equal(refused.status, 403);
  assert.doesNotMatch((await browser.get('/profile/ann/contact/')).text, /Elm Street/);
});

async function makeBrokerManager(username: string): Promise<void> {
  const user = await app.db.selectFrom('users').select('id').where('username', '=', username).executeTakeFirstOrThrow();
  const site = await app.tollgate.site.get();
  const manager = await app.db
    .selectFrom('role_types')
    .select('id')
    .where('slug', '=', 'manager')
    .where('profile_id', 'is', null)
    .executeTakeFirstOrThrow();
  await app.db
    .insertInto('roles')
    .values({ profile_id: site.broker_id, user_id: user.id, role_type_id: manager.id, created_at: app.clock.now() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
