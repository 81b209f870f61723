import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from '#profiles';
import { apiClient, registerUser } from '../support/client.ts';
import { makeMember, makeReadyUser } from '../support/factories/profiles.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { tokenOf } from '../support/sign-in.ts';

let app: TestApp;
let donny: ReturnType<typeof apiClient>;
let mixed: ReturnType<typeof apiClient>;

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const manager = await makeReadyUser(app.db, { username: 'Donny' });
  await makeMember(app.db, broker, manager, 'manager');
  donny = apiClient(app, await tokenOf(app, manager));
  mixed = apiClient(app, await registerUser(app, 'MiXed'));
  const plan = { slug: 'Open-Space', title: 'Open space', period_amount: 0, period_type: 'monthly', is_active: true };
  const made = await donny('POST', '/api/profile/CoWork/plans', plan);
  assert.equal(made.status, 201, made.text);
});
after(() => app.close());

const spellings = ['mixed', 'Mixed', 'MIXED', 'mIxEd'];

for (const name of spellings) {
  test(`a user who registered as MiXed reaches that account, its profile and its pages as ${name}`, async () => {
    for (const path of [
      `/api/users/${name}`,
      `/api/users/${name}/accessibles`,
      `/api/users/${name}/profiles`,
      `/api/users/${name}/api-keys`,
      `/api/users/${name}/notifications`,
      `/api/profile/${name}`,
      `/api/profile/${name}/roles`,
      `/api/profile/${name}/roles/Manager`,
      `/api/profile/${name}/subscriptions`,
      `/api/billing/${name}/history`,
      `/api/billing/${name}/checkout`,
      `/api/billing/${name}/card`,
    ]) {
      const reply = await mixed('GET', path);
      assert.equal(reply.status, 200, `${path}: ${reply.text}`);
    }
    for (const path of [
      `/users/${name}/`,
      `/users/${name}/password/`,
      `/users/${name}/roles/`,
      `/profile/${name}/contact/`,
      `/profile/${name}/roles/`,
      `/profile/${name}/subscriptions/`,
      `/billing/${name}/history/`,
      `/billing/${name}/cart/`,
    ]) {
      const reply = await mixed('GET', path, undefined, { accept: 'text/html' });
      assert.ok([200, 302].includes(reply.status), `${path}: ${reply.status}`);
      assert.ok(!String(reply.headers['location'] ?? '').includes('login'), path);
    }
  });

  test(`another caller finds the user, the profile and the plan in any case, such as ${name}`, async () => {
    assert.equal((await donny('GET', `/api/accounts/profiles/${name}`)).status, 200);
    assert.equal((await donny('GET', `/api/billing/cartitems/user/${name}`)).status, 200);
    const found = await donny('GET', `/api/users?q=${name}&q_f=username`);
    assert.equal(found.json()['count'], 1);
    const signed = await apiClient(app)('POST', '/api/auth', { username: name, password: 'correct horse 7' });
    assert.equal(signed.status, 201, signed.text);
  });

  test(`a name is taken in any case: no second user, profile or plan gets the name ${name}`, async () => {
    const again = await apiClient(app)('POST', '/api/auth/register', {
      username: name,
      email: `${name}@other.example`,
      full_name: 'Other Person',
      new_password: 'correct horse 7',
    });
    assert.deepEqual([again.status, Object.keys(again.json()).includes('username')], [400, true], again.text);
    const profile = await donny('POST', '/api/users/donny/profiles', {
      slug: name,
      full_name: 'Other',
      type: 'organization',
    });
    assert.equal(profile.status, 400, profile.text);
  });
}

test('a plan is put into the cart, granted and read by its slug in any case', async () => {
  for (const plan of ['open-space', 'OPEN-SPACE', 'Open-Space']) {
    assert.ok((await mixed('POST', '/api/cart', { plan })).status < 300, plan);
    assert.equal((await donny('GET', `/api/profile/cowork/plans/${plan}`)).status, 200, plan);
  }
  assert.equal((await mixed('DELETE', '/api/cart?plan=OPEN-space')).status, 204);
  assert.equal((await mixed('POST', '/api/cart', { plan: 'Open-Space' })).status, 201);
  const granted = await donny('POST', '/api/profile/COWORK/plans/OPEN-SPACE/subscriptions', {
    profile: { slug: 'MIXED', full_name: 'Mixed Tester' },
  });
  assert.ok(granted.status < 300, granted.text);
  assert.equal(granted.json<{ profile: { slug: string } }>().profile.slug, 'mixed');
  const again = await donny('POST', '/api/profile/cowork/plans', { slug: 'OPEN-SPACE', title: 'Other' });
  assert.ok(Array.isArray(again.json()['slug']), again.text);
  const read = await donny('GET', '/api/profile/cowork/plans/open-Space/subscriptions/Mixed');
  assert.equal(read.status, 200, read.text);
});

test('a role is granted to a user by a name in any case', async () => {
  const reply = await donny('POST', '/api/profile/cowork/roles/CONTRIBUTOR', { slug: 'MIXED' });
  assert.equal(reply.status, 201, reply.text);
  assert.equal((await donny('GET', '/api/profile/cowork/roles/Contributor/miXed')).status, 200);
});
