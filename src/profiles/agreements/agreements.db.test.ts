import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from '../records/profile-store.ts';
import { apiClient } from '../../../test/support/client.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let asAlice: ReturnType<typeof apiClient>;
let asDonny: ReturnType<typeof apiClient>;

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const alice = await makeReadyUser(app.db, { username: 'alice' });
  await makeMember(app.db, broker, alice, 'manager');
  asAlice = apiClient(app, await tokenOf(app, alice));
  asDonny = apiClient(app, await tokenOf(app, await makeReadyUser(app.db, { username: 'donny' })));
});
after(() => app.close());

test('a visitor reads the texts as sanitized HTML', async () => {
  const visitor = apiClient(app);
  assert.equal((await visitor('GET', '/api/legal')).json()['count'], 2);
  const text = String((await visitor('GET', '/api/legal/terms-of-use')).json()['text']);
  assert.match(text, /<h2>/);
  assert.doesNotMatch(text, /<script/);
  assert.match(text, /Coworking Space/);
  const unknown = await visitor('GET', '/api/legal/nothing');
  assert.deepEqual([unknown.status, unknown.json()['code']], [404, 'agreement_unknown']);
});

test('a signature requires consent and records date, address and version', async () => {
  const declined = await asDonny('POST', '/api/legal/terms-of-use/sign', { read_terms: false });
  assert.deepEqual([declined.status, declined.json()['code']], [400, 'agreement_declined']);
  assert.ok(Array.isArray((await asDonny('POST', '/api/legal/terms-of-use/sign', {})).json()['read_terms']));
  assert.equal((await asDonny('POST', '/api/legal/nothing/sign', { read_terms: true })).status, 404);
  assert.equal((await apiClient(app)('POST', '/api/legal/terms-of-use/sign', { read_terms: true })).status, 401);
  app.clock.set(new Date(app.clock.now().getTime() + 60_000));
  const signed = await asDonny('POST', '/api/legal/privacy/sign', { read_terms: true });
  assert.deepEqual(signed.json(), { read_terms: true, last_signed: app.clock.now().toISOString() });
  const row = await app.db
    .selectFrom('signatures')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  assert.equal(row.ip, '127.0.0.1');
  assert.ok(row.agreement_updated_at instanceof Date);
});

test('users must sign again after an agreement was updated', async () => {
  assert.equal((await asDonny('GET', '/api/users/donny/accessibles')).status, 200);
  app.clock.set(new Date(app.clock.now().getTime() + 60_000));
  const updated_at = app.clock.now().toISOString();
  const revised = await asAlice('PUT', '/api/agreements/terms-of-use', { title: 'Terms of Use', updated_at });
  assert.deepEqual(
    [revised.status, revised.json()['updated_at'], typeof revised.json()['text']],
    [200, updated_at, 'string'],
  );
  const refused = await asDonny('GET', '/api/users/donny/accessibles');
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'terms_unsigned']);
  await asDonny('POST', '/api/legal/terms-of-use/sign', { read_terms: true });
  assert.equal((await asDonny('GET', '/api/users/donny/accessibles')).status, 200);
  await asAlice('POST', '/api/legal/terms-of-use/sign', { read_terms: true });
});

test('a broker manager edits agreements and deletes them with their signatures', async () => {
  const made = await asAlice('POST', '/api/agreements', { title: 'House Rules' });
  assert.deepEqual([made.status, made.json()['slug']], [201, 'house-rules']);
  assert.ok(Array.isArray((await asAlice('POST', '/api/agreements', { title: 'House Rules' })).json()['title']));
  assert.ok(
    Array.isArray(
      (await asAlice('POST', '/api/agreements', { title: 'Dated', updated_at: 'soon' })).json()['updated_at'],
    ),
  );
  await asDonny('POST', '/api/legal/house-rules/sign', { read_terms: true });
  assert.equal((await asAlice('GET', '/api/agreements/house-rules')).json()['text'], '', 'the theme has no such text');
  assert.equal((await asAlice('DELETE', '/api/agreements/house-rules')).status, 204);
  assert.equal((await asAlice('GET', '/api/agreements/house-rules')).status, 404);
  const kept = await asAlice('DELETE', '/api/agreements/terms-of-use');
  assert.deepEqual([kept.status, kept.json()['code']], [400, 'agreement_protected']);
});

test('a blank title is refused', async () => {
  for (const [method, url] of [
    ['POST', '/api/agreements'],
    ['PUT', '/api/agreements/privacy'],
  ] as const) {
    const reply = await asAlice(method, url, { title: '  ', updated_at: '2026-01-01' });
    assert.deepEqual([reply.status, Object.keys(reply.json()).toSorted()], [400, ['code', 'title']]);
  }
});

test('a site without terms requires no signature', async () => {
  await app.db.deleteFrom('agreements').where('slug', '=', 'terms-of-use').execute();
  const user = await makeReadyUser(app.db, { username: 'unsigned', signed: false });
  const call = apiClient(app, await tokenOf(app, user));
  assert.equal((await call('GET', '/api/users/unsigned/accessibles')).status, 200);
});
