import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { User } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { openOrExtend } from '#subscriptions';
import { findManagerIds } from '../records/held-role-store.ts';
import { findProfileByEmail, findProfileBySlug } from '../records/profile-store.ts';
import type { Profile } from '../records/profile.ts';
import { apiClient } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { eventsNamed, testPassword } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

type Client = ReturnType<typeof apiClient>;

let app: TestApp;
let broker: Profile;
let acme: Profile;
let alice: User;
let bob: User;
let pat: User;
let as: (user: User) => Promise<Client>;

before(async () => {
  app = await startApp();
  as = async (user) => apiClient(app, await tokenOf(app, user));
  const found = await findProfileBySlug(app.db, 'cowork');
  assert.ok(found);
  broker = found;
  alice = await makeReadyUser(app.db, { username: 'alice' });
  await makeMember(app.db, broker, alice, 'manager');
  bob = await makeReadyUser(app.db, { username: 'bob' });
  acme = await makeOrganization(app.db, { slug: 'acme', manager: bob });
  pat = await makeReadyUser(app.db, { username: 'pat' });
  const prov = await makeOrganization(app.db, { slug: 'prov', manager: pat, is_provider: true });
  const plan = await makePlan(await testContext(app.db), { provider_id: prov.id, slug: 'basic' });
  await inTransaction(app.db, (tx) =>
    openOrExtend(tx, { profile_id: acme.id, plan, periods_count: 1, at: app.clock.now() }),
  );
});
after(() => app.close());

async function makeUserWithClient(username: string, sample: Parameters<typeof makeReadyUser>[1] = {}) {
  const user = await makeReadyUser(app.db, { username, ...sample });
  return { user, call: await as(user) };
}

test('an invitation by username discloses neither address nor phone number nor last sign-in of the user', async () => {
  const { call: asEve } = await makeUserWithClient('harvester');
  const { user: mark, call: asMark } = await makeUserWithClient('harvested');
  assert.equal((await asEve('POST', '/api/users/harvester/profiles', { full_name: 'Harvest' })).status, 201);
  const url = '/api/profile/harvest/roles/manager';
  type Row = { user: Record<string, unknown> };
  const invited = await asEve('POST', url, { slug: mark.username });
  assert.equal(invited.status, 201, invited.text);
  for (const { user } of [invited.json<Row>(), (await asEve('GET', `${url}/harvested`)).json<Row>()]) {
    assert.deepEqual([user['email'], user['phone'], user['last_login'], user['otp_enabled']], [null, null, null, null]);
    assert.equal(user['username'], 'harvested');
  }
  const found = await asEve('GET', `/api/profile/harvest/roles?q=${mark.email?.slice(0, 10)}&q_f=user__email`);
  assert.equal(found.json()['count'], 0, 'a search for parts of the address finds no member');

  const { accept_grant_api_url } = (await asMark('GET', '/api/users/harvested/accessibles')).json<{
    results: { accept_grant_api_url: string }[];
  }>().results[0] ?? { accept_grant_api_url: '' };
  assert.equal((await asMark('PUT', new URL(accept_grant_api_url).pathname)).status, 200);
  const member = (await asEve('GET', `${url}/harvested`)).json<Row>();
  assert.equal(member.user['email'], mark.email, 'a member who accepted is shown with the address');
});

test('only the user and broker managers rename a personal profile, and with it the username', async () => {
  const { user: ann, call: asAnn } = await makeUserWithClient('ann', { personal: true });
  const personal = await findProfileBySlug(app.db, 'ann');
  const prov = await findProfileBySlug(app.db, 'prov');
  assert.ok(personal && prov);
  const plan = await makePlan(await testContext(app.db), { provider_id: prov.id, slug: 'basic-2' });
  await inTransaction(app.db, (tx) =>
    openOrExtend(tx, { profile_id: personal.id, plan, periods_count: 1, at: app.clock.now() }),
  );
  const asPat = await as(pat);
  const moved = await asPat('PATCH', '/api/profile/ann', { locality: 'Here' });
  assert.equal(moved.json()['code'], 'subscriber_details_protected', 'a provider cannot change the address');
  const renamed = await asPat('PATCH', '/api/profile/ann', { slug: 'ann-of-prov' });
  assert.equal(renamed.status, 403, renamed.text);
  assert.equal(renamed.json()['code'], 'subscriber_details_protected');
  await makeMember(app.db, personal, pat, 'manager');
  const byManager = await asPat('PATCH', '/api/profile/ann', { slug: 'ann-of-prov' });
  assert.deepEqual(
    [byManager.status, byManager.json()['code']],
    [403, 'permission_denied'],
    'another manager of the profile cannot rename it',
  );
  assert.equal((await asAnn('PATCH', `/api/profile/${ann.username}`, { slug: 'anna' })).status, 200);
  assert.equal(
    (await (await as(alice))('PATCH', '/api/profile/anna', { slug: 'ann' })).status,
    200,
    'a broker manager can rename it',
  );
});

test('a role that a manager grants to a user gives the manager no access to the account of the user', async () => {
  const { call: asEve } = await makeUserWithClient('eve');
  const { user: mark } = await makeUserWithClient('mark', { personal: true });
  assert.equal((await asEve('POST', '/api/users/eve/profiles', { full_name: 'X' })).status, 201);
  await asEve('POST', '/api/profile/x/roles/describe', { title: 'Any', skip_optin_on_grant: true });
  const grant = await asEve('POST', '/api/profile/x/roles/any', { slug: mark.username });
  assert.notEqual(grant.json()['grant_key'], null);
  // The same applies to a role in effect.
  const x = await findProfileBySlug(app.db, 'x');
  assert.ok(x);
  await asEve('DELETE', '/api/profile/x/roles/any/mark');
  await makeMember(app.db, x, mark, 'contributor');
  const attempts = [
    await asEve('PUT', '/api/users/mark/password', { password: 'correct horse battery', new_password: 'taken over 1' }),
    await asEve('DELETE', '/api/users/mark/password'),
    await asEve('POST', '/api/users/mark/api-keys', { password: 'correct horse battery' }),
    await asEve('PUT', '/api/users/mark/otp', { password: 'correct horse battery', otp_enabled: true }),
    await asEve('PUT', '/api/users/mark', { full_name: 'Mark', email: 'evil@example.com' }),
    await asEve('DELETE', '/api/users/mark'),
    await asEve('GET', '/api/users/mark'),
    await asEve('GET', '/api/users/mark/accessibles'),
  ];
  assert.deepEqual(
    attempts.map((response) => response.status),
    attempts.map(() => 403),
  );
});

test('a manager of a provider has no access to the accounts of users of a subscriber', async () => {
  const asPat = await as(pat);
  assert.equal(
    (await asPat('PUT', '/api/users/bob/password', { password: 'x', new_password: 'taken over 1' })).status,
    403,
  );
  assert.equal((await asPat('GET', '/api/users/bob')).status, 403);
});

test('a user cannot create a profile with the username of another user', async () => {
  const { call: asEve } = await makeUserWithClient('eve2');
  await makeUserWithClient('target');
  for (const slug of ['target', 'TARGET']) {
    const squat = await asEve('POST', '/api/users/eve2/profiles', { slug, full_name: 'Squatter' });
    assert.equal(squat.status, 400);
    assert.ok(Array.isArray(squat.json()['slug']), squat.text);
  }
  await asEve('POST', '/api/users/eve2/profiles', { full_name: 'Honest' });
  const rename = await asEve('PUT', '/api/profile/honest', { full_name: 'Honest', slug: 'target' });
  assert.equal(rename.status, 400);
  const shadow = await (await as(alice))('POST', '/api/accounts/profiles', { slug: 'target', full_name: 'Shadow' });
  assert.equal(shadow.status, 400);
  const personal = await asEve('POST', '/api/users/eve2/profiles', {
    slug: 'target',
    full_name: 'T',
    type: 'personal',
    email: 'n@x.example',
  });
  assert.equal(personal.status, 400);
});

test('a new e-mail address or the archiving of a personal profile does not change the login of its user', async () => {
  const { user, call } = await makeUserWithClient('solo', { personal: true });
  const { user: helper, call: asHelper } = await makeUserWithClient('helper');
  const profile = await findProfileBySlug(app.db, 'solo');
  assert.ok(profile);
  await makeMember(app.db, profile, helper, 'manager');
  assert.equal(
    (await asHelper('PUT', '/api/profile/solo', { full_name: 'Solo Again', email: 'evil@example.com' })).status,
    200,
  );
  const login = (await call('GET', '/api/users/solo')).json();
  assert.deepEqual([login['email'], login['full_name']], [user.email, 'Solo Again']);
  assert.equal((await asHelper('DELETE', '/api/profile/solo')).status, 204);
  assert.equal((await call('GET', '/api/users/solo')).status, 200);
  assert.equal(
    (await call('POST', '/api/users/solo/profiles', { full_name: 'Solo', type: 'personal' })).json()['type'],
    'personal',
  );
});

test('a contributor reads a profile, a manager changes it, other users get 403', async () => {
  const { user, call } = await makeUserWithClient('reader');
  await makeMember(app.db, acme, user, 'contributor');
  assert.equal((await call('GET', '/api/profile/acme')).status, 200);
  assert.equal((await call('HEAD', '/api/profile/acme')).status, 200);
  assert.equal((await call('PUT', '/api/profile/acme', { full_name: 'Mine' })).status, 403);
});

test('an unknown profile gets 404 for the broker and 403 for other users', async () => {
  const { call } = await makeUserWithClient('curious');
  assert.equal((await call('GET', '/api/profile/nothere')).status, 403);
  assert.equal((await (await as(alice))('GET', '/api/profile/nothere')).status, 404);
});

test('only broker managers set the flags of providers and bulk buyers', async () => {
  const asBob = await as(bob);
  const tried = await asBob('PUT', '/api/profile/acme', {
    full_name: 'The acme',
    is_provider: true,
    is_bulk_buyer: true,
  });
  assert.equal(tried.status, 200);
  assert.deepEqual([tried.json()['is_provider'], tried.json()['is_bulk_buyer']], [false, false]);
  const made = await asBob('POST', '/api/users/bob/profiles', { full_name: 'Own Shop', is_provider: true });
  assert.equal(made.json()['is_provider'], false);
  const asAlice = await as(alice);
  assert.equal((await asAlice('PATCH', '/api/profile/own-shop', { is_provider: true })).json()['is_provider'], true);
  const kept = await asBob('PUT', '/api/profile/own-shop', { full_name: 'Own Shop' });
  assert.equal(kept.json()['is_provider'], true, 'an omitted flag is unchanged');
});

test('a profile with a field beyond its limits is refused', async () => {
  const asBob = await as(bob);
  const put = async (fields: Record<string, unknown>) =>
    asBob('PUT', '/api/profile/acme', { full_name: 'The acme', ...fields });
  const bad: [string, unknown][] = [
    ['default_timezone', 'Mars/Olympus'],
    ['country', 'XX'],
    ['email', 'nonsense'],
    ['email', ''],
    ['picture', 'javascript:alert(1)'],
    ['slug', 'no spaces'],
    ['full_name', ' '],
  ];
  for (const [field, value] of bad) {
    const response = await put({ [field]: value });
    assert.equal(response.status, 400, `${field}: ${String(value)}`);
    assert.ok(Array.isArray(response.json()[field]), response.text);
  }
  const good = await put({
    default_timezone: 'Europe/Kyiv',
    country: 'ua',
    phone: '555-1',
    extra: { a: 1 },
    picture: null,
  });
  assert.deepEqual([good.status, good.json()['country'], good.json()['extra']], [200, 'UA', { a: 1 }]);
  assert.equal(good.json()['detail'], 'Profile was updated.');
});

test('profile_updated reports changed fields, but not fields that were empty', async () => {
  const asBob = await as(bob);
  await asBob('PATCH', '/api/profile/acme', { locality: 'Paris' });
  const before_count = (await eventsNamed(app.db, 'profile_updated')).length;
  await asBob('PATCH', '/api/profile/acme', { locality: 'Lyon' });
  const updated = await eventsNamed(app.db, 'profile_updated');
  assert.equal(updated.length, before_count + 1);
  assert.deepEqual(updated.at(-1)?.['changes'], { City: { pre: 'Paris', post: 'Lyon' } });
});

test('a new username renames the personal profile, and a new slug renames the user', async () => {
  const { call } = await makeUserWithClient('xia', { personal: true });
  assert.equal(
    (await call('PUT', '/api/profile/xia', { full_name: 'Xia Lee', slug: 'xia2' })).json()['type'],
    'personal',
  );
  assert.equal((await call('GET', '/api/users/xia2')).status, 200, 'the token stays valid');
  assert.equal((await call('GET', '/api/profile/xia2')).status, 200);
  const back = await call('PUT', '/api/users/xia2', { full_name: 'Xia Lee', slug: 'xia3' });
  assert.equal(back.status, 200, back.text);
  assert.equal((await call('GET', '/api/profile/xia3')).json()['type'], 'personal');
  const { call: asOther } = await makeUserWithClient('other-xia');
  assert.equal(
    (await asOther('POST', '/api/users/other-xia/profiles', { slug: 'xia', full_name: 'Thief' })).status,
    400,
    'the old name stays reserved',
  );
});

test('the broker and the processor can be neither archived nor renamed', async () => {
  const asAlice = await as(alice);
  const refused = await asAlice('DELETE', '/api/profile/cowork');
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'profile_protected']);
  assert.equal((await asAlice('DELETE', '/api/profile/stripe')).status, 403);
  assert.equal((await asAlice('PUT', '/api/profile/cowork', { full_name: 'Cowork', slug: 'elsewhere' })).status, 403);
});

test('an archived profile is not accessible to its members and not listed', async () => {
  const asBob = await as(bob);
  await asBob('POST', '/api/users/bob/profiles', { full_name: 'Gone Soon' });
  assert.equal((await asBob('DELETE', '/api/profile/gone-soon')).status, 204);
  assert.equal((await asBob('GET', '/api/profile/gone-soon')).status, 403);
  const asAlice = await as(alice);
  const listed = await asAlice('GET', '/api/profile?q=_archive_');
  assert.equal(listed.json()['count'], 0);
  const all = await asAlice('GET', '/api/profile?q=_archive_&include_inactive=1');
  assert.ok(Number(all.json()['count']) > 0);
});

test('archiving a user removes the roles and archives the personal profile; the last broker manager cannot be archived', async () => {
  const { call } = await makeUserWithClient('leaving', { personal: true });
  assert.equal((await call('DELETE', '/api/users/leaving', { password: testPassword })).status, 204);
  assert.equal((await (await as(alice))('GET', '/api/profile/leaving')).status, 404);
  const last = await (await as(alice))('DELETE', '/api/users/alice', { password: testPassword });
  assert.deepEqual([last.status, last.json()['code']], [409, 'last_manager']);
});

test('a user who creates a personal profile for another person gets no role on it, only a request', async () => {
  const { call: asMaker } = await makeUserWithClient('maker');
  const body = { full_name: 'Olga Owner', type: 'personal', email: 'olga@corp.example', slug: 'olga' };
  const made = await asMaker('POST', '/api/users/maker/profiles', body);
  assert.equal(made.status, 201, made.text);
  const olga = await app.db.selectFrom('users').select('id').where('username', '=', 'olga').executeTakeFirstOrThrow();
  const personal = await findProfileBySlug(app.db, 'olga');
  assert.ok(personal);
  assert.equal(personal.personal_user_id, olga.id);
  assert.deepEqual(await findManagerIds(app.db, personal.id), [olga.id]);

  const attacks: ['GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE', string, unknown][] = [
    ['GET', '/api/profile/olga', undefined],
    ['PATCH', '/api/profile/olga', { full_name: 'Mine' }],
    ['DELETE', '/api/profile/olga', undefined],
    ['POST', '/api/billing/olga/checkout', {}],
    ['PUT', '/api/billing/olga/card', { token: 'tok_visa' }],
    ['GET', '/api/billing/olga/history', undefined],
    ['POST', '/api/profile/olga/roles/manager', { slug: 'maker' }],
    ['GET', '/api/users/olga', undefined],
  ];
  for (const [method, path, sent] of attacks) assert.equal((await asMaker(method, path, sent)).status, 403, path);
  const managed = (await asMaker('GET', '/api/users/maker/profiles')).json()['count'];
  assert.equal(managed, 0, 'the creator does not manage the profile');
  type Row = { request_key: string | null; accept_grant_api_url: string | null };
  const { results } = (await asMaker('GET', '/api/users/maker/accessibles')).json<{ results: Row[] }>();
  assert.deepEqual(
    results.map((row) => [row.request_key !== null, row.accept_grant_api_url]),
    [[true, null]],
  );
  const asked = await app.db
    .selectFrom('outbox_events')
    .select('name')
    .where('name', '=', 'role_request_created')
    .execute();
  assert.ok(asked.length > 0, 'the owner receives the request');
});

test('a repeated request or a profile with the username does not turn the request into a role', async () => {
  const { call: asMaker } = await makeUserWithClient('maker-2');
  const body = { full_name: 'Rosa Owner', type: 'personal', email: 'rosa@corp.example', slug: 'rosa' };
  assert.equal((await asMaker('POST', '/api/users/maker-2/profiles', body)).status, 201);
  assert.equal((await asMaker('POST', '/api/users/maker-2/profiles', body)).status, 400);
  await asMaker('POST', '/api/users/maker-2/accessibles/manager', { slug: 'rosa' });
  await asMaker('POST', '/api/users/maker-2/accessibles', { slug: 'rosa' });
  assert.equal((await asMaker('GET', '/api/profile/rosa')).status, 403);
  const named = { full_name: 'Bare Name', type: 'organization', slug: 'bare-name' };
  await makeUserWithClient('bare-name');
  const taken = await asMaker('POST', '/api/users/maker-2/profiles', named);
  assert.ok(Array.isArray(taken.json()['slug']), 'a username is reserved for its user, with or without a profile');
});

test('an organization with the address of another person does not become the profile of that person', async () => {
  const { call: asMaker } = await makeUserWithClient('shell-maker');
  const email = 'nell@corp.example';
  assert.equal(
    (await asMaker('POST', '/api/users/shell-maker/profiles', { full_name: 'Nell', slug: 'nell-org', email })).status,
    201,
  );
  const { user: nell, call: asNell } = await makeUserWithClient('nell', { email });
  assert.equal((await asNell('GET', '/api/profile/nell-org')).status, 403);
  assert.equal((await asNell('POST', '/api/users/nell/profiles', { full_name: 'Nell', type: 'personal' })).status, 201);
  const [org, own] = [await findProfileBySlug(app.db, 'nell-org'), await findProfileBySlug(app.db, 'nell')];
  assert.equal(org?.personal_user_id, null);
  assert.equal(own?.personal_user_id, nell.id);
  assert.ok(own);
  assert.deepEqual(await findManagerIds(app.db, own.id), [nell.id]);
  assert.equal(
    (await findProfileByEmail(app.db, email))?.slug,
    'nell',
    'the address finds the personal profile of the user, not the organization',
  );
});

test('an organization that the broker creates for a user has no manager until the user accepts', async () => {
  const { user: zoe, call: asZoe } = await makeUserWithClient('zoe');
  const made = await (await as(alice))('POST', '/api/users/zoe/profiles', { full_name: 'Made For Zoe' });
  assert.equal(made.status, 201, made.text);
  const org = await findProfileBySlug(app.db, 'made-for-zoe');
  assert.ok(org);
  assert.deepEqual(await findManagerIds(app.db, org.id), []);
  const { results } = (await asZoe('GET', '/api/users/zoe/accessibles')).json<{
    results: { accept_grant_api_url: string }[];
  }>();
  const accept = new URL(String(results[0]?.accept_grant_api_url)).pathname;
  assert.equal((await asZoe('PUT', accept)).status, 200);
  assert.deepEqual(await findManagerIds(app.db, org.id), [zoe.id]);
});

test('a user creates organizations, whose slugs are derived from their names', async () => {
  const asBob = await as(bob);
  const first = await asBob('POST', '/api/users/bob/profiles', { full_name: 'My Project' });
  assert.deepEqual([first.status, first.json()['slug'], first.json()['email']], [201, 'my-project', bob.email]);
  assert.match(
    String((await asBob('POST', '/api/users/bob/profiles', { full_name: 'My Project' })).json()['slug']),
    /^my-project-[0-9a-f]{7}$/,
  );
  assert.equal((await asBob('POST', '/api/users/bob/profiles', { full_name: 'Two', slug: 'my-project' })).status, 400);
  assert.ok(Array.isArray((await asBob('POST', '/api/users/bob/profiles', { full_name: '!!!' })).json()['full_name']));
  const archive = await asBob('POST', '/api/users/bob/profiles', { full_name: 'Grave', slug: '_archive_1' });
  assert.ok(Array.isArray(archive.json()['slug']), 'slugs of the form of archived profiles cannot be taken');
  assert.ok(
    Array.isArray((await asBob('POST', '/api/users/bob/profiles', { full_name: 'X', type: 'alien' })).json()['type']),
  );
  const managed = await asBob('GET', '/api/users/bob/profiles?o=-created_at&page_size=1');
  assert.equal(managed.json<{ results: unknown[] }>().results.length, 1);
  assert.match(String(managed.json()['next']), /page=2/);
});

// Last: the clock only moves forward.
test('a provider manages a subscriber while the subscription runs, reads it for 90 days more, then has no access', async () => {
  const asPat = await as(pat);
  assert.equal((await asPat('GET', '/api/profile/acme')).status, 200);
  assert.equal((await asPat('PATCH', '/api/profile/acme', { default_timezone: 'Europe/Paris' })).status, 200);
  assert.equal(
    (await asPat('POST', '/api/profile/acme/roles/manager', { slug: 'pat' })).status,
    403,
    'a provider cannot change members',
  );
  assert.equal((await asPat('DELETE', '/api/profile/acme')).status, 403);
  const seen = (await asPat('GET', '/api/profile/acme/roles')).json<{ results: { user: Record<string, unknown> }[] }>();
  assert.deepEqual([seen.results[0]?.user['phone'], seen.results[0]?.user['last_login']], [null, null]);

  app.clock.set(new Date(app.clock.now().getTime() + 60 * 86_400_000));
  const later = await as(pat);
  assert.equal((await later('GET', '/api/profile/acme')).status, 200);
  const refused = await later('PATCH', '/api/profile/acme', { default_timezone: 'Europe/Rome' });
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'permission_denied']);
  app.clock.set(new Date(app.clock.now().getTime() + 90 * 86_400_000));
  assert.equal((await (await as(pat))('GET', '/api/profile/acme')).status, 403);
});

test('users and profiles refuse a blank or invisible name and remove characters that hide or reverse text', async () => {
  const { call } = await makeUserWithClient('visible', { personal: true });
  for (const full_name of ['   ', '\u200b', '\u3164', '\u2028', '\u200d']) {
    for (const path of ['/api/users/visible', '/api/profile/visible']) {
      const { status, text } = await call('PATCH', path, { full_name });
      assert.equal(status, 400, `${path} ${JSON.stringify(full_name)} ${text}`);
    }
  }
  for (const path of ['/api/users/visible', '/api/profile/visible']) {
    const named = await call('PATCH', path, { full_name: ' A\u202eda\r\nLove\u200blace ' });
    assert.equal(named.json()['full_name'], 'Ada Lovelace', path);
  }
});

test('only the user and broker managers remove the user from the personal profile', async () => {
  const { user, call } = await makeUserWithClient('owned', { personal: true });
  const { user: helper, call: asHelper } = await makeUserWithClient('co-manager');
  const profile = await findProfileBySlug(app.db, 'owned');
  assert.ok(profile);
  await makeMember(app.db, profile, helper, 'manager');
  const path = '/api/profile/owned/roles/manager/owned';
  const refused = await asHelper('DELETE', path);
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'permission_denied'], refused.text);
  assert.equal((await call('GET', '/api/profile/owned')).status, 200);
  assert.equal((await (await as(alice))('DELETE', path)).status, 204);
  await makeMember(app.db, profile, user, 'manager');
  assert.equal((await call('DELETE', path)).status, 204);
});

test('a personal profile cannot be renamed to phone digits nor archived with an API key', async () => {
  const { call } = await makeUserWithClient('digits', { personal: true });
  for (const method of ['PUT', 'PATCH'] as const) {
    const renamed = await call(method, '/api/profile/digits', { full_name: 'Digits', slug: '4155550199' });
    assert.deepEqual([renamed.status, Object.keys(renamed.json())], [400, ['slug', 'code']], renamed.text);
  }
  const made = await call('POST', '/api/users/digits/api-keys', { password: testPassword });
  const authorization = `Basic ${Buffer.from(`${String(made.json()['secret'])}:`).toString('base64')}`;
  const deleted = await apiClient(app)('DELETE', '/api/profile/digits', undefined, { authorization });
  assert.deepEqual([deleted.status, deleted.json()['code']], [403, 'api_key_refused'], deleted.text);
  assert.equal((await call('GET', '/api/profile/digits')).status, 200);
});
