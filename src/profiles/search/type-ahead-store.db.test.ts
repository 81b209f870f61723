import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from '../records/profile-store.ts';
import { apiClient } from '../../../test/support/client.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

type Client = ReturnType<typeof apiClient>;
type Candidates = { count: number; results: { slug: string; type?: string }[] };

let app: TestApp;
let asAlice: Client;
let asEve: Client;

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const alice = await makeReadyUser(app.db, { username: 'alice', full_name: 'Alice Cooper' });
  await makeMember(app.db, broker, alice, 'manager');
  const eve = await makeReadyUser(app.db, { username: 'eve', full_name: 'Eve Stranger', personal: true });
  for (let n = 1; n <= 5; n += 1) await makeOrganization(app.db, { slug: `zebra-${n}`, email: `n${n}@zebra.example` });
  asAlice = apiClient(app, await tokenOf(app, alice));
  asEve = apiClient(app, await tokenOf(app, eve));
});
after(() => app.close());

const ask = async (call: Client, url: string) => (await call('GET', url)).json<Candidates>();

test('a search shows five candidates, and none if there are six', async () => {
  assert.equal((await ask(asAlice, '/api/accounts/profiles?q=z')).count, 5);
  await makeOrganization(app.db, { slug: 'zebra-6', email: 'six@zebra.example' });
  assert.deepEqual(await ask(asAlice, '/api/accounts/profiles?q=z'), { count: 0, results: [] });
  assert.equal(
    (await ask(asAlice, '/api/accounts/profiles?q=zebra-1,zebra-2,zebra-3,zebra-4,zebra-5,zebra-6')).count,
    6,
    'a search for six terms can return six candidates',
  );
});

test('a user finds the organization by the domain of an address, except for public mail domains', async () => {
  const boss = await makeReadyUser(app.db, { username: 'boss', email: 'boss@corp.example' });
  await makeOrganization(app.db, { slug: 'corp', email: 'office@corp.example', manager: boss });
  const typed = await makeReadyUser(app.db, { email: 'typed@corp.example', email_verified_at: null });
  await makeOrganization(app.db, { slug: 'unproved', email: 'fake@corp.example', manager: typed });
  const free = await makeReadyUser(app.db, { email: 'me@gmail.com' });
  await makeOrganization(app.db, { slug: 'freelance', email: 'me@gmail.com', manager: free });
  assert.deepEqual(
    (await ask(asEve, '/api/accounts/profiles?q=jo@corp.example')).results.map((row) => row.slug),
    ['corp'],
  );
  assert.equal((await ask(asEve, '/api/accounts/profiles?q=jo@gmail.com')).count, 0);
});

test('an address that no user has verified finds neither a profile nor a user', async () => {
  const typed = await makeReadyUser(app.db, { username: 'typist', email: 'ceo@big.example', email_verified_at: null });
  await makeOrganization(app.db, { slug: 'typed-org', email: 'ceo@big.example', manager: typed });
  for (const call of [asAlice, asEve]) {
    for (const path of ['profiles', 'users']) {
      const found = await ask(call, `/api/accounts/${path}?q=ceo@big.example&q_f=email`);
      assert.equal(found.count, 0, path);
    }
  }
  await app.db.updateTable('users').set({ email_verified_at: app.clock.now() }).where('id', '=', typed.id).execute();
  assert.deepEqual(
    (await ask(asEve, '/api/accounts/profiles?q=ceo@big.example')).results.map((row) => row.slug),
    ['typed-org'],
  );
});

test('only a seller can search for parts of addresses', async () => {
  assert.equal((await ask(asEve, '/api/accounts/users?q=alice@exam')).count, 0);
  assert.equal((await ask(asEve, '/api/accounts/users?q=alice@example.com')).count, 1);
  assert.equal((await ask(asAlice, '/api/accounts/users?q=alice@exam')).count, 1, 'a seller can search for a part');
  assert.equal((await ask(asEve, '/api/accounts/users?q=a')).count, 0, 'a term of one letter finds no user');
  assert.equal((await ask(asEve, '/api/accounts/users')).count, 0);
});

test('a search finds profiles and users without a profile', async () => {
  const { results } = await ask(asAlice, '/api/accounts?q=eve,alice');
  assert.deepEqual(
    results.map((row) => [row.slug, row.type]),
    [
      ['eve', 'personal'],
      ['alice', 'user'],
    ],
  );
});

test('the summary of a profile is found by its exact slug', async () => {
  assert.equal((await asEve('GET', '/api/accounts/profiles/corp')).json()['slug'], 'corp');
  assert.equal((await asEve('GET', '/api/accounts/profiles/cor')).status, 404);
});

test('wildcards of LIKE in a search term match literally', async () => {
  assert.equal((await ask(asAlice, '/api/accounts/users?q=%25')).count, 0);
  assert.equal((await ask(asAlice, '/api/accounts/users?q=_ve')).count, 0);
});

test('only sellers create profiles for others', async () => {
  const refused = await asEve('POST', '/api/accounts/profiles', { full_name: 'Spam', email: 's@x.example' });
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'shadow_profiles_limited']);
  const person = await asAlice('POST', '/api/accounts/profiles', {
    full_name: 'Shadow Person',
    email: 'shadow@x.example',
    type: 'personal',
  });
  assert.deepEqual(
    [person.status, person.json()['type'], person.json()['credentials'], person.json()['slug']],
    [201, 'personal', false, 'shadow-person'],
  );
  assert.ok(
    Array.isArray(
      (await asAlice('POST', '/api/accounts/profiles', { full_name: 'No Mail', type: 'personal' })).json()['email'],
    ),
  );
  assert.ok(
    Array.isArray(
      (
        await asAlice('POST', '/api/accounts/profiles', {
          full_name: 'Twice',
          email: 'shadow@x.example',
          type: 'personal',
        })
      ).json()['email'],
    ),
  );
  assert.ok(
    Array.isArray((await asAlice('POST', '/api/accounts/profiles', { full_name: 'X', type: 'user' })).json()['type']),
  );
  const organization = await asAlice('POST', '/api/accounts/profiles', { full_name: 'Shadow Inc', is_provider: true });
  assert.deepEqual([organization.status, organization.json()['is_provider']], [201, false]);
  assert.equal((await asAlice('GET', '/api/profile/shadow-inc/roles')).json()['count'], 0, 'it has no manager yet');
});
