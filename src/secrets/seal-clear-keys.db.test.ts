import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { inTransaction } from '#platform/db/database';
import { linkKeyHash, useMasterKey } from '#platform/security/link-keys';
import { apiClient } from '../../test/support/client.ts';
import { testContext } from '../../test/support/context.ts';
import { testPassword } from '../../test/support/factories/accounts.ts';
import { makePlan } from '../../test/support/factories/catalog.ts';
import { makeOrganization, makeReadyUser } from '../../test/support/factories/profiles.ts';
import { subscribe } from '../../test/support/factories/subscriptions.ts';
import { tokenOf } from '../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';
import { TEST_SECRET } from '../../test/support/test-secret.ts';
import { sealClearKeys } from './seal-clear-keys.ts';

/** The database never contains a key of a link in the form in which it is sent. */
let app: TestApp;
let boss: ReturnType<typeof apiClient>;
let ann: ReturnType<typeof apiClient>;
const roles = '/api/profile/acme/roles/contributor';
const grants = '/api/profile/acme/plans/pass/subscriptions';

before(async () => {
  app = await startApp();
  const manager = await makeReadyUser(app.db, { username: 'boss' });
  const acme = await makeOrganization(app.db, { slug: 'acme', manager, is_provider: true });
  await makePlan(await testContext(app.db), { provider_id: acme.id, title: 'Pass' });
  boss = apiClient(app, await tokenOf(app, manager));
  ann = apiClient(app, await tokenOf(app, await makeReadyUser(app.db, { username: 'ann', personal: true })));
});
after(() => app.close());

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`.execute(app.db);
  const texts = await Promise.all(
    rows.map(async ({ name }) => {
      const all = await sql<{ text: string }>`
        select coalesce(string_agg(t::text, chr(10)), '') as text from ${sql.raw(name)} as t`.execute(app.db);
      return all.rows[0]?.text ?? '';
    }),
  );
  return texts.join('\n');
}

const isKey = (text: unknown): text is string => typeof text === 'string' && /^[0-9a-f]{40}$/.test(text);

test('no key of an invitation, a request or a mailed link is stored in clear', async () => {
  const invited = await boss('POST', roles, { slug: 'ann' });
  const stranger = await boss('POST', `${roles}?force=1`, { email: 'stranger@corp.example' });
  const offered = await boss('POST', grants, { profile: { slug: 'ann', full_name: 'Ann' } });
  const asked = await ann('POST', '/api/users/ann/accessibles', { slug: 'cowork' });
  const ctx = await testContext(app.db);
  const on_request = await makePlan(ctx, { title: 'On request', optin_on_request: true });
  const profile = await app.db.selectFrom('profiles').select('id').where('slug', '=', 'ann').executeTakeFirstOrThrow();
  const requested = await subscribe(ctx, profile, on_request);
  await apiClient(app)('POST', '/api/auth/recover', { email: 'ann@example.com' });
  const moved = await ann('PATCH', '/api/users/ann', { email: 'ann.lee@example.com', password: testPassword });
  assert.equal(moved.status, 200, moved.text);
  const keys = [
    invited.json()['grant_key'],
    stranger.json()['grant_key'],
    offered.json()['grant_key'],
    asked.json()['request_key'],
    requested.request_key,
  ];
  assert.ok(keys.every(isKey), 'the API returns the keys in clear');
  const waiting = await dump();
  for (const key of keys) assert.ok(!waiting.includes(String(key)), 'no key in clear while events wait');
  const undelivered = await app.db
    .selectFrom('outbox_events')
    .select('payload')
    .where('delivered_at', 'is', null)
    .execute();
  assert.doesNotMatch(JSON.stringify(undelivered), /"[0-9a-f]{40}"/, 'no member of a waiting event is a key in clear');

  await app.tollgate.worker.drain();
  const { results } = (await apiClient(app)('GET', '/_dev/mail')).json<{ results: { text: string }[] }>();
  const mailed = results.flatMap(({ text }) => text.match(/\b[0-9a-f]{40}\b/g) ?? []);
  assert.ok(mailed.length >= 3, 'the messages carry keys that work');
  assert.ok(
    results.some(({ text }) => /\/users\/stop\/[0-9a-f]{40}\//.test(text)),
    'one of them stops the change of address',
  );
  const delivered = await dump();
  for (const key of [...keys, ...mailed]) assert.ok(!delivered.includes(String(key)), 'no key in clear after the mail');
  const left = await app.db
    .selectFrom('outbox_events')
    .select('payload')
    .where('delivered_at', 'is not', null)
    .execute();
  assert.doesNotMatch(JSON.stringify(left), /v1\./, 'nothing secret stays in a delivered event');

  const accepted = await ann('PUT', `/api/users/ann/accessibles/accept/${String(keys[0])}`);
  assert.equal(accepted.status, 200, accepted.text);
});

test('keys of an earlier version are sealed at the start and still work', async () => {
  const clear = 'ab'.repeat(20);
  const older = 'cd'.repeat(20);
  const olga = await makeReadyUser(app.db, { username: 'olga', personal: true });
  assert.equal((await boss('POST', roles, { slug: 'olga' })).status, 201);
  assert.equal((await boss('POST', grants, { profile: { slug: 'olga', full_name: 'Olga' } })).status, 201);
  const personal = await app.db
    .selectFrom('profiles')
    .select('id')
    .where('slug', '=', 'olga')
    .executeTakeFirstOrThrow();
  await app.db
    .updateTable('roles')
    .set({ grant_key: clear, grant_key_hash: null })
    .where('user_id', '=', olga.id)
    .where('grant_key', 'is not', null)
    .execute();
  await app.db
    .updateTable('subscriptions')
    .set({ grant_key: older, grant_key_hash: null })
    .where('profile_id', '=', personal.id)
    .execute();
  await app.db
    .insertInto('outbox_events')
    .values({
      name: 'role_grant_created',
      payload: JSON.stringify({ grant_key: clear, key: null, message: 'v1' }),
      created_at: app.clock.now(),
      next_attempt_at: app.clock.now(),
    })
    .execute();

  assert.equal(await sealClearKeys(app.db), 3);
  assert.equal(await sealClearKeys(app.db), 0, 'once');
  const text = await dump();
  assert.ok(!text.includes(clear) && !text.includes(older));
  const call = apiClient(app, await tokenOf(app, olga));
  assert.equal((await call('PUT', `/api/users/olga/accessibles/accept/${clear}`)).status, 200);
  const held = (await call('GET', '/api/profile/olga/subscriptions')).json<{ results: { grant_key: string }[] }>();
  assert.equal(held.results[0]?.grant_key, older);
  await app.db.deleteFrom('outbox_events').where('delivered_at', 'is', null).execute();
});

test('a key sealed under another master key is invalid, and a repeated invitation draws a new one', async () => {
  await makeReadyUser(app.db, { username: 'paul', personal: true });
  const first = (await boss('POST', roles, { slug: 'paul' })).json()['grant_key'];
  const offer = { profile: { slug: 'paul', full_name: 'Paul' } };
  const granted = (await boss('POST', grants, offer)).json()['grant_key'];
  const hash = linkKeyHash(String(first));
  useMasterKey('another master key, of the same length or so');
  try {
    assert.notEqual(linkKeyHash(String(first)), hash, 'the hash depends on the master key');
    const listed = await boss('GET', '/api/profile/acme/roles?page_size=100');
    assert.equal(listed.status, 200, listed.text);
    assert.ok(!listed.text.includes(String(first)));
    const again = (await boss('POST', roles, { slug: 'paul' })).json()['grant_key'];
    const offered = (await boss('POST', grants, offer)).json()['grant_key'];
    assert.ok(isKey(again) && again !== first && isKey(offered) && offered !== granted);
  } finally {
    useMasterKey(TEST_SECRET);
    await inTransaction(app.db, (tx) => tx.deleteFrom('outbox_events').where('delivered_at', 'is', null).execute());
  }
});
