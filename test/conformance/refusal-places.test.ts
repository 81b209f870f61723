import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from '#profiles';
import { type TestResponse, apiClient, browserClient, registerUser } from '../support/client.ts';
import { eventsNamed, makeUser, testPassword } from '../support/factories/accounts.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { next } from '../support/factories.ts';
import { tokenOf } from '../support/sign-in.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** A refusal that requires an action of the caller names the page where the caller can do it. */
let app: TestApp;
let broker_token: string;
const password = 'correct horse 7';

before(async () => {
  app = await startApp({ config: { terms_required: true } });
  const [operator, broker] = [await makeReadyUser(app.db), await findProfileBySlug(app.db, 'cowork')];
  assert.ok(broker);
  await makeMember(app.db, broker, operator, 'manager');
  broker_token = await tokenOf(app, operator);
});
after(() => app.close());

const api = (token: string | null = null) => apiClient(app, token);
const codesTo = async (address: string) =>
  (await eventsNamed(app.db, 'user_verification')).filter((event) => event['address'] === address);

function assertRefused(response: TestResponse, status: number, code: string, location: string): void {
  assert.deepEqual([response.status, response.json()['code'], response.json()['location']], [status, code, location]);
}

/** Registers a user who is invited by e-mail address and has not verified it. */
async function registerInvited() {
  const username = next('invited');
  const token = await registerUser(app, username, password);
  const address = `${username}@example.com`;
  const response = await api(broker_token)('POST', '/api/profile/cowork/roles/contributor', { email: address });
  assert.equal(response.status, 201, response.text);
  const granted = (await eventsNamed(app.db, 'role_grant_created')).at(-1);
  const grant_key = String(granted?.['grant_key']);
  return { username, token, address, grant_key, accept: `/api/users/${username}/accessibles/accept/${grant_key}` };
}

test('an invited user with an unverified address gets a code by e-mail at most once an hour, verifies it over the API and accepts', async () => {
  const { username, token, address, accept } = await registerInvited();
  for (let count = 0; count < 3; count += 1) {
    assertRefused(await api(token)('PUT', accept), 403, 'email_unverified', '/users/verify/');
  }
  const sent = await codesTo(address);
  assert.equal(sent.length, 1);
  const path = `/api/users/${username}/verify`;
  const wrong = String((Number(sent[0]?.['code']) + 1) % 1_000_000);
  assert.equal((await api(token)('POST', path, { email_code: wrong })).json()['code'], 'code_wrong');
  const verified = await api(token)('POST', path, { email_code: sent[0]?.['code'] });
  assert.equal(verified.status, 200, verified.text);
  assert.equal((await api(token)('PUT', accept)).status, 200);
});

test('an hour later the refusal mails a new code', async () => {
  const { token, address, accept } = await registerInvited();
  await api(token)('PUT', accept);
  await app.db
    .updateTable('verifications')
    .set({ created_at: new Date(app.clock.now().getTime() - 3_600_000) })
    .where('address', '=', address)
    .execute();
  await api(token)('PUT', accept);
  assert.equal((await codesTo(address)).length, 2);
});

test('concurrent refusals mail one code', async () => {
  const { token, address, accept } = await registerInvited();
  await Promise.all([1, 2, 3, 4].map(() => api(token)('PUT', accept)));
  assert.equal((await codesTo(address)).length, 1);
});

test('an invited user reaches the acceptance from the page of the invitation', async () => {
  const { username, address, grant_key } = await registerInvited();
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username, password });
  const invitation = `/users/roles/accept/${grant_key}/`;
  const shown = await browser.get(invitation);
  const link = /href="(\/users\/verify\/\?next=[^"]+)"/.exec(shown.text)?.[1];
  assert.ok(link, shown.text);
  assert.deepEqual(await codesTo(address), [], 'opening a page mails nothing');
  assert.match((await browser.get(link)).text, /Send me a code/);
  assert.match((await browser.post(link, { action: 'send' })).text, /A code was sent/);
  const code = String((await codesTo(address)).at(-1)?.['code']);
  assert.equal((await browser.post(link, { email_code: '' })).status, 400);
  const done = await browser.post(link, { email_code: `${code.slice(0, 3)} ${code.slice(3)}` });
  assert.deepEqual([done.status, done.headers['location']], [303, invitation]);
  await browser.get(invitation);
  assert.equal((await browser.post(invitation, {})).status, 303);
});

test('the refusal of an invitation to another address of the user names the account page', async () => {
  const { username, token, accept } = await registerInvited();
  await app.db
    .updateTable('users')
    .set({ email: `${username}@moved.example`, email_verified_at: app.clock.now() })
    .where('username', '=', username)
    .execute();
  assertRefused(await api(token)('PUT', accept), 403, 'email_unverified', `/users/${username}/`);
});

test('a refusal for a missing step names the page of that step', async () => {
  const bare = await makeReadyUser(app.db, { password: null });
  assertRefused(
    await api(await tokenOf(app, bare))('GET', `/api/users/${bare.username}/accessibles`),
    403,
    'password_required',
    '/recover/',
  );
  const unsigned = await makeUser(app.db);
  assertRefused(
    await api(await tokenOf(app, unsigned))('GET', `/api/users/${unsigned.username}/accessibles`),
    403,
    'terms_unsigned',
    '/legal/terms-of-use/sign/',
  );
  assertRefused(await api()('GET', '/api/users/bare'), 401, 'credentials_required', '/login/');
  assertRefused(await api('a.b.c')('GET', '/api/users/bare'), 401, 'credentials_invalid', '/login/');
  const user = await makeReadyUser(app.db);
  const path = `/api/users/${user.username}`;
  assertRefused(
    await api(await tokenOf(app, user))('DELETE', path),
    401,
    'secret_required',
    `/users/${user.username}/`,
  );
  assertRefused(
    await api(await tokenOf(app, bare))('PATCH', `/api/users/${bare.username}`, { email: 'new-bare@example.com' }),
    401,
    'secret_required',
    '/recover/',
  );
});

test('the refusal of a role that requires a second factor names the page that sets it up', async () => {
  const [user, profile] = [await makeReadyUser(app.db), await makeOrganization(app.db)];
  await makeMember(app.db, profile, user, 'contributor');
  await app.db.updateTable('role_types').set({ otp_required: true }).where('slug', '=', 'contributor').execute();
  const refused = await api(await tokenOf(app, user))('GET', `/api/profile/${profile.slug}/roles`);
  await app.db.updateTable('role_types').set({ otp_required: false }).where('slug', '=', 'contributor').execute();
  assertRefused(refused, 403, 'otp_required', `/users/${user.username}/otp/`);

  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: user.username, password: testPassword });
  const page = `/users/${user.username}/otp/`;
  assert.equal((await browser.get(page)).status, 200);
  assert.equal((await browser.post(page, { password: 'bad' })).status, 400);
  const enrolling = await browser.post(page, { password: testPassword });
  const key = /<code>([A-Z2-7]{32})<\/code>/.exec(enrolling.text)?.[1];
  assert.ok(key, enrolling.text);
  const { Secret, TOTP } = await import('otpauth');
  const totp = new TOTP({ secret: Secret.fromBase32(key) });
  const code = (offset_s: number) => totp.generate({ timestamp: app.clock.now().getTime() + offset_s * 1000 });
  assert.equal((await browser.post(page, { password: testPassword, otp_code: code(0) })).status, 303);
  const removal = { action: 'disable', password: testPassword, otp_code: code(30) };
  await browser.get(page);
  assert.equal((await browser.post(page, removal)).status, 303);
});

test('a conflict names the page of the action that resolves it', async () => {
  const [user, profile] = [await makeReadyUser(app.db), await makeOrganization(app.db)];
  await makeMember(app.db, profile, user, 'manager');
  const token = await tokenOf(app, user);
  assertRefused(
    await api(token)('DELETE', `/api/profile/${profile.slug}/roles/manager/${user.username}`),
    409,
    'last_manager',
    `/profile/${profile.slug}/roles/manager/`,
  );
  assertRefused(
    await api(token)('POST', `/api/users/${user.username}/accessibles/contributor`, { slug: profile.slug }),
    409,
    'role_already_held',
    `/users/${user.username}/roles/`,
  );
});
