import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { apiClient, browserClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let ann_token: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  ann_token = await registerUser(app, 'ann');
  for (const name of ['ben', 'cat', 'dan']) await registerUser(app, name);
  const created = await apiClient(app, ann_token)('POST', '/api/users/ann/profiles', {
    slug: 'acme',
    full_name: 'Acme',
    email: 'acme@example.com',
  });
  assert.equal(created.status, 201, created.text);
});
after(() => app.close());

type Browser = ReturnType<typeof browserClient>;

/** Gives ben, cat and dan the roles that they begin each test with. */
beforeEach(async () => {
  await app.db.deleteFrom('undo_entries').execute();
  const acme = await app.db.selectFrom('profiles').select('id').where('slug', '=', 'acme').executeTakeFirstOrThrow();
  const manager = await app.db
    .selectFrom('role_types')
    .select('id')
    .where('slug', '=', 'manager')
    .where('profile_id', 'is', null)
    .executeTakeFirstOrThrow();
  for (const username of ['ben', 'cat']) {
    const user = await app.db
      .selectFrom('users')
      .select('id')
      .where('username', '=', username)
      .executeTakeFirstOrThrow();
    await app.db.deleteFrom('roles').where('profile_id', '=', acme.id).where('user_id', '=', user.id).execute();
    const at = new Date('2026-01-05T10:00:00Z');
    await app.db
      .insertInto('roles')
      .values({
        profile_id: acme.id,
        user_id: user.id,
        role_type_id: manager.id,
        created_at: at,
        accepted_at: at,
        extra: 'x',
      })
      .execute();
  }
});

const signIn = (username: string) => signInBrowser(app, username);

const rolesOf = async (username: string) =>
  app.db
    .selectFrom('roles')
    .innerJoin('users', 'users.id', 'roles.user_id')
    .innerJoin('profiles', 'profiles.id', 'roles.profile_id')
    .where('users.username', '=', username)
    .where('profiles.slug', '=', 'acme')
    .select(['role_type_id', 'roles.created_at', 'accepted_at', 'roles.extra'])
    .execute();

/** Removes a member through the confirmation; returns the browser and the address of the undo. */
async function remove(username: string, by = 'ann'): Promise<{ browser: Browser; undo: string }> {
  const browser = await signIn(by);
  const confirm = await browser.get(`/profile/acme/remove-role/${username}/`);
  assert.equal(confirm.status, 200);
  const done = await browser.post(`/profile/acme/remove-role/${username}/`, {});
  assert.equal(done.status, 303, done.text);
  const page = await browser.follow(done);
  return { browser, undo: /action="(\/undo\/[0-9a-f]{40}\/)"/.exec(page.text)?.[1] ?? '' };
}

test('a removal is confirmed on its own page, which changes nothing', async () => {
  const browser = await signIn('ann');
  const members = await browser.get('/profile/acme/roles/');
  assert.match(members.text, /href="\/profile\/acme\/remove-role\/ben\/"/);
  const page = await browser.get('/profile/acme/remove-role/ben/');
  assert.match(page.text, /<h1[^>]*>Remove Ben Tester/);
  assert.match(page.text, /You can undo this for 60 seconds/);
  assert.match(page.text, /Keep the role/);
  assert.equal((await rolesOf('ben')).length, 1);
});

test('a manager who removed a role gives it back within 60 seconds, once', async () => {
  const [before_removal] = await rolesOf('ben');
  const { browser, undo } = await remove('ben');
  assert.equal((await rolesOf('ben')).length, 0);
  const undone = await browser.post(undo, {});
  assert.equal(undone.status, 303, undone.text);
  assert.match((await browser.follow(undone)).text, /Ben Tester has the role Profile Manager again/);
  assert.deepEqual(await rolesOf('ben'), [before_removal]);
  const again = await browser.post(undo, {}, { accept: 'application/json' });
  assert.deepEqual([again.status, again.json()['code']], [409, 'undo_unknown']);
  assert.equal((await rolesOf('ben')).length, 1);
});

test('two concurrent requests undo once', async () => {
  const { browser, undo } = await remove('ben');
  const statuses = (await Promise.all([browser.post(undo, {}), browser.post(undo, {})])).map(({ status }) => status);
  assert.deepEqual(statuses.toSorted(), [303, 409]);
  assert.equal((await rolesOf('ben')).length, 1);
});

test('an undo is refused after 60 seconds, and a job deletes it', async () => {
  const { browser, undo } = await remove('ben');
  app.clock.set(new Date(app.clock.now().getTime() + 60_000));
  await browser.get('/profile/acme/roles/');
  assert.equal((await browser.post(undo, {})).status, 409);
  assert.equal((await rolesOf('ben')).length, 0);
  await runJob(app.tollgate, 'forget_undo');
  assert.equal((await app.db.selectFrom('undo_entries').selectAll().execute()).length, 0);
});

test('no other user can undo: neither another manager, nor the removed user, nor a visitor', async () => {
  const { undo } = await remove('ben');
  for (const username of ['cat', 'ben', 'dan']) {
    const browser = await signIn(username);
    await browser.get(`/profile/${username}/contact/`);
    assert.equal((await browser.post(undo, {})).status, 409, username);
  }
  const visitor = browserClient(app);
  await visitor.get('/login/');
  assert.equal((await visitor.post(undo, {})).status, 302);
  assert.equal((await rolesOf('ben')).length, 0);
});

test('an undo needs the CSRF token, and a POST', async () => {
  const { browser, undo } = await remove('ben');
  assert.equal((await browser.post(undo, { _csrf: 'x' })).status, 403);
  assert.equal((await browser.post(undo, {}, { origin: 'https://evil.example' })).status, 403);
  assert.equal((await browser.get(undo)).status, 405);
  assert.equal((await rolesOf('ben')).length, 0);
});

test('a manager who lost the role meanwhile can no longer undo', async () => {
  const { browser, undo } = await remove('ben', 'cat');
  await remove('cat', 'ann');
  await browser.get('/profile/cat/contact/');
  assert.equal((await browser.post(undo, {})).status, 403);
  assert.equal((await rolesOf('ben')).length, 0);
});

test('a role that the user received meanwhile is not replaced', async () => {
  const { browser, undo } = await remove('ben');
  const invited = await apiClient(app, ann_token)('POST', '/api/profile/acme/roles/manager', { slug: 'ben' });
  assert.ok(invited.status < 300, invited.text);
  const refused = await browser.post(undo, {}, { accept: 'application/json' });
  assert.deepEqual([refused.status, refused.json()['code']], [409, 'undo_refused']);
  const [role] = await rolesOf('ben');
  assert.equal(role?.accepted_at, null);
});

test('an archived user does not get the role back', async () => {
  const { browser, undo } = await remove('ben');
  await app.db.updateTable('users').set({ is_active: false }).where('username', '=', 'ben').execute();
  assert.equal((await browser.post(undo, {})).status, 409);
  await app.db.updateTable('users').set({ is_active: true }).where('username', '=', 'ben').execute();
  assert.equal((await rolesOf('ben')).length, 0);
});

test('a manager who leaves is offered no undo', async () => {
  const browser = await signIn('cat');
  const page = await browser.get('/profile/acme/remove-role/cat/');
  assert.match(page.text, /Leave Acme/);
  assert.equal((await browser.post('/profile/acme/remove-role/cat/', {})).status, 303);
  assert.equal((await app.db.selectFrom('undo_entries').selectAll().execute()).length, 0);
});

test('the last manager cannot be removed, and the page states why', async () => {
  await remove('ben');
  await remove('cat');
  const browser = await signIn('ann');
  await browser.get('/profile/acme/remove-role/ann/');
  const refused = await browser.post('/profile/acme/remove-role/ann/', {});
  assert.equal(refused.status, 409);
  assert.match(refused.text, /manager/);
});

test('a part of a name returns candidates as radio rows, and the chosen one is invited', async () => {
  const browser = await signIn('ann');
  await browser.get('/profile/acme/roles/manager/');
  const found = await browser.post('/profile/acme/roles/manager/', { action: 'invite', email: 'dan te' });
  assert.equal(found.status, 400, found.text);
  assert.match(found.text, /type="radio"[^>]*name="email_choice" value="dan"/);
  assert.equal((await rolesOf('dan')).length, 0);
  const invited = await browser.post('/profile/acme/roles/manager/', {
    action: 'invite',
    email: 'dan te',
    email_choice: 'dan',
  });
  assert.equal(invited.status, 303, invited.text);
  assert.equal((await rolesOf('dan')).length, 1);
});
