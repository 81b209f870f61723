import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { User } from '#accounts';
import { findProfileBySlug } from '../records/profile-store.ts';
import type { Profile } from '../records/profile.ts';
import { apiClient } from '../../../test/support/client.ts';
import { eventsNamed, makeUser } from '../../../test/support/factories/accounts.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

type Client = ReturnType<typeof apiClient>;
type Row = Record<string, unknown> & { grant_key: string | null; request_key: string | null };

let app: TestApp;
let broker: Profile;
let acme: Profile;
let bob: User;
let as: (user: User) => Promise<Client>;
let asBob: Client;
let asAlice: Client;

before(async () => {
  app = await startApp();
  as = async (user) => apiClient(app, await tokenOf(app, user));
  const found = await findProfileBySlug(app.db, 'cowork');
  assert.ok(found);
  broker = found;
  const alice = await makeReadyUser(app.db, { username: 'alice' });
  await makeMember(app.db, broker, alice, 'manager');
  bob = await makeReadyUser(app.db, { username: 'bob' });
  acme = await makeOrganization(app.db, { slug: 'acme', manager: bob });
  asBob = await as(bob);
  asAlice = await as(alice);
});
after(() => app.close());

async function makeUserWithClient(username: string): Promise<{ user: User; call: Client }> {
  const user = await makeReadyUser(app.db, { username });
  return { user, call: await as(user) };
}

test('the invited user accepts an invitation of a manager, once', async () => {
  const { call } = await makeUserWithClient('donny');
  const invited = await asBob('POST', '/api/profile/acme/roles/manager', { slug: 'donny', message: 'Come in' });
  assert.equal(invited.status, 201);
  const { grant_key } = invited.json<Row>();
  assert.match(String(grant_key), /^[0-9a-f]{40}$/);
  const pending = await call('GET', '/api/users/donny/accessibles');
  assert.equal(pending.json()['invited_count'], 1);
  assert.equal((await call('GET', '/api/profile/acme')).status, 403, 'an invitation gives no access');

  const again = await asBob('POST', '/api/profile/acme/roles/manager', { slug: 'donny' });
  assert.equal(again.status, 200);
  assert.equal(again.json<Row>().grant_key, grant_key, 'a repeated invitation keeps the key');
  const granted = (await eventsNamed(app.db, 'role_grant_created')).filter((event) => event['grant_key'] === grant_key);
  assert.equal(granted.length, 2, 'sent again');
  assert.equal(granted[0]?.['message'], 'Come in');

  const accepted = await call('PUT', `/api/users/donny/accessibles/accept/${grant_key}`);
  assert.equal(accepted.status, 200);
  assert.equal(accepted.json()['accept_grant_api_url'], null);
  assert.equal((await call('PUT', `/api/users/donny/accessibles/accept/${grant_key}`)).status, 404);
  assert.equal((await call('GET', '/api/profile/acme')).status, 200);
  assert.equal((await eventsNamed(app.db, 'role_grant_accepted')).length, 1);
});

test('a user other than the invited one cannot accept an invitation', async () => {
  const { call: asGuest } = await makeUserWithClient('guest');
  const { call: asEve } = await makeUserWithClient('eve');
  const { grant_key } = (await asBob('POST', '/api/profile/acme/roles/contributor', { slug: 'guest' })).json<Row>();
  const stolen = await asEve('PUT', `/api/users/eve/accessibles/accept/${grant_key}`);
  assert.deepEqual([stolen.status, stolen.json()['code']], [404, 'role_key_unknown']);
  const forGuest = await asAlice('PUT', `/api/users/guest/accessibles/accept/${grant_key}`);
  assert.deepEqual([forGuest.status, forGuest.json()['code']], [403, 'role_acceptance_personal']);
  assert.equal((await asGuest('PUT', `/api/users/guest/accessibles/accept/${grant_key}`)).status, 200);
});

test('an invitation to an address cannot be accepted until the user has verified the address', async () => {
  const claims = await makeReadyUser(app.db, {
    username: 'claims',
    email: 'boss@corp.example',
    email_verified_at: null,
  });
  const call = await as(claims);
  const { grant_key } = (
    await asBob('POST', '/api/profile/acme/roles/contributor', { email: 'Boss@corp.example' })
  ).json<Row>();
  const refused = await call('PUT', `/api/users/claims/accessibles/accept/${grant_key}`);
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'email_unverified']);
  await asBob('POST', '/api/profile/acme/roles/contributor', { slug: 'claims' });
  assert.equal((await call('PUT', `/api/users/claims/accessibles/accept/${grant_key}`)).status, 403, 'still bound');
  const byBoth = await asBob('POST', '/api/profile/acme/roles/contributor', {
    slug: 'no-such-name',
    email: 'boss@corp.example',
  });
  assert.equal(byBoth.status, 200);
  assert.equal(
    (await call('PUT', `/api/users/claims/accessibles/accept/${grant_key}`)).status,
    403,
    'an unknown username next to the address changes nothing',
  );
  assert.equal(
    (await call('POST', '/api/users/claims/accessibles/contributor', { slug: 'acme' })).status,
    403,
    'a request does not accept an unverified invitation',
  );
});

test('a type that skips consent still requires the verification of the address', async () => {
  await asAlice('POST', '/api/profile/cowork/roles/describe', { title: 'Instant', skip_optin_on_grant: true });
  await makeReadyUser(app.db, { username: 'faker', email: 'ceo@corp.example', email_verified_at: null });
  const granted = await asBob('POST', '/api/profile/acme/roles/instant', { email: 'ceo@corp.example' });
  assert.notEqual(granted.json<Row>().grant_key, null);
});

test('a manager grants the role that a user requested', async () => {
  const { call } = await makeUserWithClient('asks');
  const asked = await call('POST', '/api/users/asks/accessibles/manager', { slug: 'acme', message: 'Please' });
  assert.equal(asked.status, 201);
  const { request_key } = asked.json<Row>();
  assert.match(String(request_key), /^[0-9a-f]{40}$/);
  assert.equal((await call('POST', '/api/users/asks/accessibles/manager', { slug: 'acme' })).status, 200);
  const requested = (await eventsNamed(app.db, 'role_request_created')).filter(
    (event) => event['request_key'] === request_key,
  );
  assert.equal(requested.length, 1, 'the managers are notified at most once per day');

  const seen = (await asBob('GET', '/api/profile/acme/roles/manager?role_status=requested')).json<{
    requested_count: number;
    results: Row[];
  }>();
  assert.equal(seen.requested_count, 1);
  assert.match(String(seen.results[0]?.['accept_request_api_url']), /\/api\/profile\/acme\/roles\/manager$/);
  const granted = await asBob('POST', '/api/profile/acme/roles/manager', { slug: 'asks' });
  assert.equal(granted.status, 200);
  assert.deepEqual([granted.json<Row>().grant_key, granted.json<Row>().request_key], [null, null]);
  assert.equal((await call('GET', '/api/profile/acme')).status, 200);
});

test('a manager grants a request that names no type with any type', async () => {
  const { call } = await makeUserWithClient('untyped');
  assert.equal(
    (await call('POST', '/api/users/untyped/accessibles', { slug: 'acme' })).json<Row>()['role_description'],
    null,
  );
  const listed = await call('GET', '/api/users/untyped/accessibles');
  assert.equal(listed.status, 200);
  const granted = await asBob('POST', '/api/profile/acme/roles/contributor', { slug: 'untyped' });
  assert.equal((granted.json()['role_description'] as Record<string, unknown>)['slug'], 'contributor');
});

test('neither a grant nor a request changes a role or an invitation that a user already has', async () => {
  const { user, call } = await makeUserWithClient('holder');
  await makeMember(app.db, acme, user, 'manager');
  const grant = await asBob('POST', '/api/profile/acme/roles/contributor', { slug: 'holder' });
  assert.deepEqual([grant.status, grant.json()['code']], [409, 'role_already_held']);
  const request = await call('POST', '/api/users/holder/accessibles/contributor', { slug: 'acme' });
  assert.deepEqual([request.status, request.json()['code']], [409, 'role_already_held']);
  assert.equal((await call('POST', '/api/users/holder/accessibles/manager', { slug: 'acme' })).status, 200);
  assert.equal(
    (await call('PUT', '/api/profile/acme', { full_name: 'The acme' })).status,
    200,
    'the user is still a manager',
  );

  const { call: asOffered } = await makeUserWithClient('offered');
  await asBob('POST', '/api/profile/acme/roles/contributor', { slug: 'offered' });
  const mixed = await asOffered('POST', '/api/users/offered/accessibles/manager', { slug: 'acme' });
  assert.deepEqual([mixed.status, mixed.json()['code']], [409, 'role_already_offered']);
  assert.equal((await asOffered('GET', '/api/users/offered/accessibles')).status, 200);
  assert.equal(
    (await asOffered('POST', '/api/users/offered/accessibles', { slug: 'acme' })).status,
    200,
    'a request for the invited role accepts the invitation',
  );
  assert.equal((await asOffered('GET', '/api/profile/acme')).status, 200);
});

test('an invitation to a type that requires a second factor does not lock the invited user out', async () => {
  const { call } = await makeUserWithClient('victim');
  const { user: mallory, call: asMallory } = await makeUserWithClient('mallory');
  const trap = await makeOrganization(app.db, { slug: 'trap', manager: mallory });
  await asMallory('POST', `/api/profile/${trap.slug}/roles/describe`, {
    title: 'Trap',
    otp_required: true,
    skip_optin_on_grant: true,
  });
  const grant = await asMallory('POST', '/api/profile/trap/roles/trap', { slug: 'victim' });
  assert.equal(grant.status, 201);
  assert.notEqual(grant.json<Row>().grant_key, null, 'a local type never skips consent');
  assert.equal((await call('GET', '/api/users/victim/accessibles')).status, 200);
});

test('a user whose role requires a second factor is refused until it is set up', async () => {
  const { user, call } = await makeUserWithClient('careless');
  await asAlice('POST', '/api/profile/cowork/roles/describe', { title: 'Treasurer', otp_required: true });
  await makeMember(app.db, acme, user, 'treasurer');
  const refused = await call('GET', '/api/users/careless/accessibles');
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'otp_required']);
  assert.equal((await call('GET', '/api/users/careless')).status, 200, 'the user can still read the own account');
});

test('a manager invites an unknown address only with force', async () => {
  const unknown = await asBob('POST', '/api/profile/acme/roles/manager', { email: 'new@x.example' });
  assert.deepEqual([unknown.status, unknown.json()['code']], [404, 'user_unknown']);
  const nothing = await asBob('POST', '/api/profile/acme/roles/manager?force=1', {});
  assert.equal(nothing.status, 400);
  assert.ok(Array.isArray(nothing.json()['email']));
  const bySlug = await asBob('POST', '/api/profile/acme/roles/manager?force=1', { slug: 'unknown-user' });
  assert.equal(bySlug.status, 400);
  const forced = await asBob('POST', '/api/profile/acme/roles/manager?force=1', {
    email: 'new@x.example',
    full_name: 'New Person',
    message: 'Look at https://evil.example/login and www.evil.example now',
  });
  assert.equal(forced.status, 201);
  const member = forced.json()['user'] as Record<string, unknown>;
  assert.deepEqual([member['slug'], member['credentials']], ['new', false]);
  const event = (await eventsNamed(app.db, 'role_grant_created')).at(-1);
  assert.match(String(event?.['key']), /^[0-9a-f]{40}$/, 'one link activates the account');
  assert.equal(
    event?.['message'],
    'Look at  and  now',
    'the message to a user without a password contains no URL of the sender',
  );
  const activated = await apiClient(app)('POST', `/api/auth/activate/${String(event?.['key'])}`, {
    new_password: 'a fine long password',
  });
  assert.equal(activated.status, 201, activated.text);
  const call = apiClient(app, activated.json<{ token: string }>().token);
  await call('POST', '/api/legal/terms-of-use/sign', { read_terms: true });
  const accepted = await call('PUT', `/api/users/new/accessibles/accept/${forced.json<Row>().grant_key}`);
  assert.equal(accepted.status, 200, accepted.text);
});

test('an unknown address that is invited with force must accept even a type that skips consent', async () => {
  await asAlice('POST', '/api/profile/cowork/roles/describe', { title: 'Reader', skip_optin_on_grant: true });
  const forced = await asBob('POST', '/api/profile/acme/roles/reader?force=1', { email: 'unknown@x.example' });
  assert.notEqual(forced.json<Row>().grant_key, null);
  const { call } = await makeUserWithClient('known');
  const granted = await asBob('POST', '/api/profile/acme/roles/reader', { slug: 'known' });
  assert.deepEqual([granted.status, granted.json<Row>().grant_key], [201, null]);
  assert.equal(
    (await call('GET', '/api/profile/acme')).status,
    403,
    'a type other than manager and contributor gives no access',
  );
});

test('a manager revokes a role of any type, except that of the last manager', async () => {
  const { user } = await makeUserWithClient('leaver');
  await makeMember(app.db, acme, user, 'manager');
  assert.equal((await asBob('DELETE', '/api/profile/acme/roles/contributor/leaver')).status, 204);
  assert.equal((await asBob('DELETE', '/api/profile/acme/roles/contributor/leaver')).status, 204);
  assert.equal((await asBob('GET', '/api/profile/acme/roles/manager/leaver')).status, 404);
  assert.equal((await eventsNamed(app.db, 'role_revoked')).filter((event) => event['user_id'] === user.id).length, 1);
  assert.equal((await asBob('DELETE', '/api/profile/acme/roles/manager/ghost')).status, 404);

  const sole = await makeOrganization(app.db, { slug: 'sole', manager: bob });
  assert.ok(sole);
  const last = await asBob('DELETE', '/api/profile/sole/roles/manager/bob');
  assert.deepEqual([last.status, last.json()['code']], [409, 'last_manager']);
  assert.equal(
    (await asBob('DELETE', '/api/users/bob/accessibles/manager/sole')).status,
    409,
    'the last manager cannot leave either',
  );
  assert.equal((await asAlice('DELETE', '/api/profile/cowork/roles/manager/alice')).status, 409);
  assert.equal(
    (await asAlice('DELETE', '/api/profile/sole/roles/manager/bob')).status,
    204,
    'a broker manager can remove the last manager',
  );
});

test('two managers cannot remove each other concurrently', async () => {
  const [one, two] = [await makeUserWithClient('one'), await makeUserWithClient('two')];
  const pair = await makeOrganization(app.db, { slug: 'pair', manager: one.user });
  await makeMember(app.db, pair, two.user, 'manager');
  const responses = await Promise.all([
    one.call('DELETE', '/api/profile/pair/roles/manager/two'),
    two.call('DELETE', '/api/profile/pair/roles/manager/one'),
  ]);
  assert.equal(
    responses.filter((response) => response.status === 204).length,
    1,
    responses.map((response) => response.status).join(),
  );
});

test('a manager creates role types of the profile, a broker manager creates global types', async () => {
  const local = await asBob('POST', '/api/profile/acme/roles/describe', { title: 'Support' });
  assert.deepEqual([local.status, local.json()['is_global'], local.json()['slug']], [201, false, 'support']);
  const twin = await asBob('POST', '/api/profile/acme/roles/describe', { title: 'Support' });
  assert.match(String(twin.json()['slug']), /^support-[0-9a-f]{7}$/);
  const empty = await asBob('POST', '/api/profile/acme/roles/describe', { title: '!!!' });
  assert.equal(empty.status, 400);
  assert.ok(Array.isArray(empty.json()['title']));
  const reserved = await asBob('POST', '/api/profile/acme/roles/describe', { title: 'Describe' });
  assert.match(
    String(reserved.json()['slug']),
    /^describe-[0-9a-f]{7}$/,
    'the slug describe is reserved for the URL of role types',
  );
  const global = await asAlice('POST', '/api/profile/cowork/roles/describe', { title: 'Auditor' });
  assert.deepEqual([global.status, global.json()['is_global']], [201, true]);
  const refused = await asBob('PUT', '/api/profile/acme/roles/describe/auditor', { title: 'Mine' });
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'role_type_global']);
  const renamed = await asBob('PUT', '/api/profile/acme/roles/describe/support', { title: 'Helpdesk' });
  assert.deepEqual([renamed.json()['title'], renamed.json()['slug']], ['Helpdesk', 'support']);
  assert.equal(
    (await asBob('PATCH', '/api/profile/acme/roles/describe/support', { otp_required: true })).json()['title'],
    'Helpdesk',
  );
  assert.equal((await asBob('DELETE', '/api/profile/acme/roles/describe/support')).status, 204);
});

test('built-in types cannot be deleted, global types in use only with force', async () => {
  for (const role of ['manager', 'contributor']) {
    const refused = await asAlice('DELETE', `/api/profile/cowork/roles/describe/${role}`);
    assert.deepEqual([refused.status, refused.json()['code']], [403, 'role_type_protected']);
  }
  await asAlice('POST', '/api/profile/cowork/roles/describe', { title: 'Doomed' });
  const { user } = await makeUserWithClient('doomed-holder');
  await makeMember(app.db, acme, user, 'doomed');
  const inUse = await asAlice('DELETE', '/api/profile/cowork/roles/describe/doomed');
  assert.deepEqual([inUse.status, inUse.json()['code']], [409, 'role_type_in_use']);
  assert.equal((await asAlice('DELETE', '/api/profile/cowork/roles/describe/doomed?force=1')).status, 204);
});

test('a role in a URL is found in the plural, and a type whose slug ends in s as written', async () => {
  await asBob('POST', '/api/profile/acme/roles/describe', { title: 'Helpers' });
  assert.equal(
    (await asBob('GET', '/api/profile/acme/roles/managers')).text,
    (await asBob('GET', '/api/profile/acme/roles/manager')).text,
  );
  assert.equal((await asBob('GET', '/api/profile/acme/roles/helpers')).status, 200);
  const unknown = await asBob('GET', '/api/profile/acme/roles/nothing');
  assert.deepEqual([unknown.status, unknown.json()['code']], [404, 'role_type_unknown']);
  const { call } = await makeUserWithClient('lost');
  assert.equal((await call('POST', '/api/users/lost/accessibles/nothing', { slug: 'acme' })).status, 404);
  assert.equal(
    (await call('POST', '/api/users/lost/accessibles?force=1', { slug: 'ghost-town', email: 'a@ghost.example' }))
      .status,
    404,
  );
  assert.deepEqual((await call('GET', '/api/users/lost/accessibles/nothing')).json()['results'], []);
});

test('a manager reads a role, changes its extra and sends it again; under another type it is 404', async () => {
  await makeUserWithClient('noted');
  await asBob('POST', '/api/profile/acme/roles/contributor', { slug: 'noted' });
  const url = '/api/profile/acme/roles/contributor/noted';
  assert.deepEqual((await asBob('PUT', url, { extra: { kinship: 'self' } })).json()['extra'], { kinship: 'self' });
  assert.deepEqual((await asBob('PUT', url, {})).json()['extra'], { kinship: 'self' }, 'an empty body changes nothing');
  assert.match(String((await asBob('POST', url)).json()['detail']), /noted/);
  const other = await asBob('GET', '/api/profile/acme/roles/manager/noted');
  assert.deepEqual([other.status, other.json()['code']], [404, 'role_unknown']);
});

test('a user without a password who is invited by username receives an activation link', async () => {
  const shell = await makeUser(app.db, { username: 'shell', password: null });
  await asBob('POST', '/api/profile/acme/roles/contributor', { slug: shell.username });
  const event = (await eventsNamed(app.db, 'role_grant_created')).at(-1);
  assert.match(String(event?.['key']), /^[0-9a-f]{40}$/);
});

// Last: the clock only moves forward, and sessions expire.
test('a lapsed invitation gets a new key when it is sent again', async () => {
  const { user } = await makeUserWithClient('late');
  const first = (await asBob('POST', '/api/profile/acme/roles/contributor', { slug: 'late' })).json<Row>().grant_key;
  app.clock.set(new Date(app.clock.now().getTime() + 30 * 86_400_000));
  const late = await as(user);
  assert.equal((await late('PUT', `/api/users/late/accessibles/accept/${first}`)).status, 404);
  const again = await (await as(bob))('POST', '/api/profile/acme/roles/contributor/late');
  const second = again.json<Row>().grant_key;
  assert.notEqual(second, first);
  assert.equal((await late('PUT', `/api/users/late/accessibles/accept/${second}`)).status, 200);
});
