import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserById, type User } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { findPersonalProfile, findManagerIds } from '#profiles';
import { apiClient, browserClient } from '../../../test/support/client.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { makeUser, testPassword } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { claimWaiting } from './claim-waiting.ts';
import { findEntitlements, findProviderTerms, providersAt } from '../records/entitlement-store.ts';

// Grants to an e-mail address, before and after the address is verified.
let app: TestApp;
let ctx: TestContext;
let provider: ReturnType<typeof apiClient>;
const grants = '/api/profile/gym/plans/pass/subscriptions';

before(async () => {
  app = await startApp();
  ctx = await testContext(app.db);
  const manager = await makeReadyUser(app.db, { username: 'gina' });
  const gym = await makeOrganization(app.db, { slug: 'gym', manager, is_provider: true });
  await makePlan(ctx, { provider_id: gym.id, title: 'Pass', skip_optin_on_grant: true });
  provider = apiClient(app, await tokenOf(app, manager));
});
after(() => app.close());

type Grantee = { email: string; type?: 'personal' | 'organization'; slug?: string };
const grant = async (profile: Grantee, force = '?force=1') =>
  provider('POST', grants + force, { profile: { full_name: 'New Person', type: 'personal', ...profile } });

const callOf = async (user: User) => apiClient(app, await tokenOf(app, user));
const countOf = async (user: User, profile: string) =>
  (await (await callOf(user))('GET', `/api/profile/${profile}/subscriptions`)).json()['count'];
type Accessible = { profile: { slug: string }; accept_grant_api_url: string | null };
const accessiblesOf = async (user: User) =>
  (await (await callOf(user))('GET', `/api/users/${user.username}/accessibles`)).json<{ results: Accessible[] }>()
    .results;

/** Marks the address as verified and claims its pending subscriptions, like the first verification. */
async function verify(user: User): Promise<User> {
  const at = app.clock.now();
  return inTransaction(app.db, async (tx) => {
    await tx.updateTable('users').set({ email_verified_at: at }).where('id', '=', user.id).execute();
    const verified = await findUserById(tx, user.id);
    assert.ok(verified);
    await claimWaiting(tx, verified, at);
    return verified;
  });
}

const unverified = (username: string, email: string, personal = true) =>
  makeReadyUser(app.db, { username, email, email_verified_at: null, personal });

test('a grant to an address does not reach a profile with that address unverified', async () => {
  const email = 'wanted@corp.example';
  const typist = await unverified('typist', email);
  const grabber = await makeReadyUser(app.db, { username: 'grabber' });
  await makeOrganization(app.db, { slug: 'grab', email, manager: grabber });
  assert.equal((await grant({ email }, '')).status, 404, 'no verified user has that address');
  const granted = await grant({ email });
  assert.equal(granted.status, 201, granted.text);
  assert.notEqual(granted.json()['grant_key'], null, 'it waits for consent');
  assert.equal(await countOf(typist, 'typist'), 0);
  assert.equal(await countOf(grabber, 'grab'), 0);
  const again = await grant({ email }, '');
  assert.deepEqual(
    [again.status, again.json()['grant_key']],
    [200, granted.json()['grant_key']],
    'a repeated grant returns the same key',
  );
});

test('a grant to an address moves to the user who verifies it and still waits for consent', async () => {
  const email = 'waits@corp.example';
  const owner = await unverified('waits', email);
  assert.equal((await grant({ email })).status, 201);
  await verify(owner);
  const own = await findPersonalProfile(app.db, owner.id);
  assert.ok(own);
  assert.equal(await countOf(owner, 'waits'), 1);
  const providers = providersAt(await findProviderTerms(app.db, [own.id]), app.clock.now(), 90);
  assert.deepEqual(providers, [], 'a grant alone gives its provider no access');
  assert.deepEqual((await findEntitlements(app.db, [own.id])).get(own.id), [], 'no access rule is satisfied');
  const seen = (await provider('GET', `${grants}/all`)).json<{ results: { profile: { slug: string } }[] }>();
  assert.ok(seen.results.some(({ profile }) => profile.slug === 'waits'));
});

test('a grant to an address moves to the first account that verifies it', async () => {
  const email = 'moved@corp.example';
  const squatter = await unverified('squatter', email);
  assert.equal((await grant({ email })).status, 201);
  assert.equal((await grant({ email, type: 'organization', slug: 'their-company' })).status, 201);
  const invited = await provider('POST', '/api/profile/gym/roles/contributor', { email });
  assert.equal(invited.status, 201, invited.text);
  await app.db.updateTable('users').set({ email: 'other@corp.example' }).where('id', '=', squatter.id).execute();
  const owner = await makeUser(app.db, { username: 'owner', email });
  await verify(owner);
  await verify({ ...squatter, email: 'other@corp.example' });
  const slugs = (await accessiblesOf(await readied(owner))).map(({ profile, accept_grant_api_url }) => [
    profile.slug,
    accept_grant_api_url !== null,
  ]);
  assert.deepEqual(slugs.toSorted(), [
    ['gym', true],
    ['owner', false],
    ['their-company', true],
  ]);
  assert.equal(await countOf(owner, 'owner'), 1);
  const left = (await accessiblesOf(squatter)).map(({ profile }) => profile.slug);
  assert.deepEqual(left, ['squatter']);
  assert.equal(await countOf(squatter, 'squatter'), 0);
});

/** Signs the terms, which routes require. */
async function readied(user: User): Promise<User> {
  const call = await callOf(user);
  assert.equal((await call('POST', '/api/legal/terms-of-use/sign', { read_terms: true })).status, 200);
  return user;
}

test('a waiting grant of a plan that the user already has is deleted on verification', async () => {
  const email = 'twice@corp.example';
  const owner = await unverified('twice', email);
  assert.equal((await grant({ email })).status, 201);
  assert.equal((await grant({ email: '', slug: 'twice' })).status, 201);
  await verify(owner);
  assert.equal(await countOf(owner, 'twice'), 1);
});

test('a forced grant to a known user leaves role and subscription waiting for consent', async () => {
  const known = await makeReadyUser(app.db, { username: 'known' });
  const shell = { email: 'known@example.com', type: 'organization', slug: 'shell' } as const;
  const granted = await grant(shell);
  assert.equal(granted.status, 201, granted.text);
  const key = String(granted.json()['grant_key']);
  assert.match(key, /^[0-9a-f]{40}$/, 'the grant waits although the plan requires no consent');
  const profile = await app.db
    .selectFrom('profiles')
    .select('id')
    .where('slug', '=', 'shell')
    .executeTakeFirstOrThrow();
  assert.deepEqual(await findManagerIds(app.db, profile.id), []);
  const accessibles = await accessiblesOf(known);
  assert.deepEqual(
    accessibles.map((row) => [row.profile.slug, row.accept_grant_api_url !== null]),
    [['shell', true]],
  );
  assert.deepEqual((await findEntitlements(app.db, [profile.id])).get(profile.id), []);
  assert.equal((await provider('GET', '/api/profile/shell')).status, 403, 'the provider has no access');

  const path = `/profile/shell/subscriptions/accept/${key}/`;
  const other = await browserOf('gina');
  assert.equal((await other.get(path)).status, 404, 'the key is unknown to another user');
  const browser = await browserOf('known');
  assert.match((await browser.get(path)).text, /Pass/);
  assert.equal((await findManagerIds(app.db, profile.id)).length, 0, 'a GET accepts nothing');
  assert.equal((await browser.post(path, {})).status, 303);
  assert.deepEqual(await findManagerIds(app.db, profile.id), [known.id]);
  assert.equal((await findEntitlements(app.db, [profile.id])).get(profile.id)?.length, 1);
});

test('a grant to a known user without profile waits on a new personal profile', async () => {
  const known = await makeReadyUser(app.db, { username: 'bare' });
  const granted = await grant({ email: 'bare@example.com' }, '');
  assert.equal(granted.status, 201, granted.text);
  assert.notEqual(granted.json()['grant_key'], null);
  const own = await findPersonalProfile(app.db, known.id);
  assert.ok(own);
  assert.deepEqual((await findEntitlements(app.db, [own.id])).get(own.id), []);
});

test('an unverified user who opens the link of a grant is redirected to verify the address', async () => {
  const email = 'follows@corp.example';
  await unverified('follows', email);
  const key = String((await grant({ email })).json()['grant_key']);
  const browser = await browserOf('follows');
  const page = await browser.get(`/profile/new-person/subscriptions/accept/${key}/`);
  assert.equal(page.status, 302);
  assert.match(String(page.headers['location']), /^\/users\/verify\/\?next=%2Fprofile%2Fnew-person%2F/);
  const call = await callOf(await unverified('stranger', 'stranger@corp.example'));
  assert.equal((await call('GET', `/profile/new-person/subscriptions/accept/${key}/`)).status, 404);
});

async function browserOf(username: string) {
  const browser = browserClient(app);
  await browser.get('/login/');
  assert.equal((await browser.post('/login/', { username, password: testPassword })).status, 303);
  return browser;
}

test('a role that waits for consent does not count for access rules', async () => {
  const known = await makeReadyUser(app.db, { username: 'unasked' });
  const waiting = await makeOrganization(app.db, { slug: 'waiting' });
  await makeMember(app.db, waiting, known, 'contributor');
  await app.db.updateTable('roles').set({ accepted_at: null }).where('user_id', '=', known.id).execute();
  const browser = await browserOf('unasked');
  await makeOrganization(app.db, { slug: 'chosen', manager: known });
  const chosen = await browser.get('/billing/');
  assert.deepEqual([chosen.status, chosen.headers['location']], [302, '/billing/chosen/history/']);
});

type Mail = { text: string };
const mailsTo = async (address: string) => {
  await app.tollgate.worker.drain();
  const response = await apiClient(app)('GET', `/_dev/mail?to=${encodeURIComponent(address)}`);
  return response.json<{ results: Mail[] }>().results.map(({ text }) => text);
};

test('an invited user activates an account with the link of a grant; the grant then waits for consent', async () => {
  const email = 'brand-new@corp.example';
  assert.equal((await grant({ email })).status, 201);
  const [mail] = await mailsTo(email);
  const key = /\/login\/([0-9a-f]{40})\//.exec(mail ?? '')?.[1];
  assert.ok(key, mail);
  const opened = await apiClient(app)('POST', `/api/auth/activate/${key}`, { new_password: 'a fine long password' });
  assert.equal(opened.status, 201, opened.text);
  const user = await app.db
    .selectFrom('users')
    .select(['id', 'username'])
    .where('email', '=', email)
    .executeTakeFirst();
  assert.ok(user);
  const call = apiClient(app, String(opened.json()['token']));
  const held = await call('GET', `/api/profile/${user.username}/subscriptions`);
  const { results } = held.json<{ results: { grant_key: string | null }[] }>();
  assert.equal(results.length, 1, held.text);
  assert.notEqual(results[0]?.grant_key, null);
});

test('a registered user gets a waiting grant by verifying the address with a code', async () => {
  const email = 'coded@corp.example';
  const user = await unverified('coded', email);
  assert.equal((await grant({ email })).status, 201);
  await apiClient(app)('POST', '/api/auth/recover?noreset=1', { email });
  const code = (await mailsTo(email)).map((text) => /\b(\d{6})\b/.exec(text)?.[1]).find((each) => each !== undefined);
  assert.ok(code);
  const call = await callOf(user);
  const proved = await call('PATCH', '/api/users/coded', { email_code: code });
  assert.equal(proved.status, 200, proved.text);
  assert.equal(await countOf(user, 'coded'), 1);
});

test('a waiting grant discloses no contact details of the profile or its members', async () => {
  const private_one = await makeReadyUser(app.db, { username: 'private', personal: true });
  await app.db
    .updateTable('profiles')
    .set({ phone: '+14155550123', street_address: '7 Secret Lane' })
    .where('slug', '=', 'private')
    .execute();
  await app.db.updateTable('users').set({ last_login_at: app.clock.now() }).where('id', '=', private_one.id).execute();
  assert.equal((await grant({ email: '', slug: 'private' })).status, 201);
  const secret = /private@example\.com|4155550123|Secret Lane/;
  const ofProvider = '/api/profile/gym/subscribers';
  for (const path of [
    grants,
    `${grants}/all`,
    `${ofProvider}/subscriptions`,
    `${ofProvider}/subscriptions/all`,
    ofProvider,
    `${ofProvider}/all`,
    `${ofProvider}/engaged`,
    `${ofProvider}/unengaged`,
    `${grants}/private`,
  ]) {
    const seen = await provider('GET', `${path}${path.endsWith('private') ? '' : '?page_size=100'}`);
    assert.equal(seen.status, 200, `${path}: ${seen.text}`);
    assert.doesNotMatch(seen.text, secret, path);
  }
  assert.equal((await provider('GET', `${grants}?q=Secret`)).json()['count'], 0, 'a search discloses nothing');
  assert.equal((await provider('GET', `${ofProvider}/engaged?q=private`)).json()['count'], 0);
  assert.equal((await provider('GET', `${ofProvider}?q=private`)).json()['count'], 0);
});
