import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../support/client.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
let operator: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  operator = await registerBrokerManager(app, 'donny');
});
after(() => app.close());

/** Runs a statement that fills a quota up to its last row. */
async function fill(statement: string): Promise<void> {
  await app.database.executeSql(statement);
}

/** Asserts that the last row is taken and the next one refused with `quota_exceeded`. */
async function assertLast(call: (n: number) => Promise<{ status: number; text: string }>): Promise<void> {
  const last = await call(1);
  assert.ok(last.status < 300, last.text);
  const refused = await call(2);
  assert.equal(refused.status, 409, refused.text);
  assert.equal((JSON.parse(refused.text) as { code: string }).code, 'quota_exceeded');
}

const profiles = (prefix: string, count: number) => `
  insert into profiles (slug, full_name, email, created_at)
  select '${prefix}-' || n, 'Filler', '', now() from generate_series(1, ${count}) n`;
const manager = `(select id from role_types where slug = 'manager' and profile_id is null)`;

test('a user has at most 200 profiles', async () => {
  const call = apiClient(app, await registerUser(app, 'founder'));
  await fill(profiles('founded', 198));
  await fill(`insert into roles (user_id, profile_id, role_type_id, created_at)
    select users.id, profiles.id, ${manager}, now() from users, profiles
    where users.username = 'founder' and profiles.slug like 'founded-%'`);
  await assertLast((n) =>
    call('POST', '/api/users/founder/profiles', { full_name: `Venture ${n}`, type: 'organization' }),
  );
});

test('a profile has at most 1000 members, invitations and requests', async () => {
  const call = apiClient(app, await registerUser(app, 'crowded'));
  await fill(`insert into users (username, full_name, created_at)
    select 'member-' || n, 'Member', now() from generate_series(1, 998) n`);
  await fill(`insert into roles (user_id, profile_id, role_type_id, created_at)
    select users.id, profiles.id, ${manager}, now() from users, profiles
    where users.username like 'member-%' and profiles.slug = 'crowded'`);
  await assertLast((n) =>
    call('POST', '/api/profile/crowded/roles/manager?force=1', { email: `new-${n}@example.com`, full_name: 'New' }),
  );
  const asker = apiClient(app, await registerUser(app, 'asker'));
  const refused = await asker('POST', '/api/users/asker/accessibles', { slug: 'crowded' });
  assert.equal(refused.json()['code'], 'quota_exceeded');
});

test('a profile defines at most 50 role types', async () => {
  const call = apiClient(app, await registerUser(app, 'typist'));
  await fill(`insert into role_types (slug, title, profile_id, created_at)
    select 'typed-' || n, 'Typed', id, now() from profiles, generate_series(1, 49) n where profiles.slug = 'typist'`);
  await assertLast((n) => call('POST', '/api/profile/typist/roles/describe', { title: `Rank ${n}` }));
});

test('a provider has at most 10,000 coupons and 500 plans', async () => {
  await fill(`insert into coupons (profile_id, code, discount_type, discount_value, created_at)
    select id, 'FILL' || n, 'percentage', 1000, now() from profiles, generate_series(1, 9999) n where slug = 'cowork'`);
  await assertLast((n) =>
    operator('POST', '/api/billing/cowork/coupons', {
      code: `LAST${n}`,
      discount_type: 'percentage',
      discount_value: 1000,
    }),
  );
  await fill(`insert into plans (profile_id, slug, title, unit, period_type, created_at)
    select id, 'fill-' || n, 'Fill ' || n, 'usd', 'monthly', now() from profiles, generate_series(1, 499) n
    where slug = 'cowork'`);
  await assertLast((n) => operator('POST', '/api/profile/cowork/plans', { title: `Last plan ${n}` }));
});

test('a contact has at most 1000 notes', async () => {
  const made = await operator('POST', '/api/users', {
    full_name: 'Noted',
    slug: 'noted',
    email: 'noted@example.com',
  });
  assert.equal(made.status, 201, made.text);
  await fill(`insert into activities (contact_id, text, created_at)
    select id, 'Note', now() from contacts, generate_series(1, 999) n where slug = 'noted'`);
  await assertLast((n) => operator('POST', '/api/contacts/noted/activities', { text: `Note ${n}`, account: null }));
});

test('a user has at most 50 API keys', async () => {
  const call = apiClient(app, await registerUser(app, 'keeper', 'correct horse 7'));
  await fill(`insert into api_keys (user_id, title, pub_key, secret_hash, created_at)
    select id, 'Filler', lpad(n::text, 32, '0'), 'x', now() from users, generate_series(1, 49) n where username = 'keeper'`);
  await assertLast(() => call('POST', '/api/users/keeper/api-keys', { password: 'correct horse 7' }));
});

test('an extra of more than 4 KB is refused under its name, together with all other invalid fields', async () => {
  const call = apiClient(app, await registerUser(app, 'hoarder'));
  const extra = { filler: 'x'.repeat(5000) };
  const refused = await call('PUT', '/api/profile/hoarder', { full_name: '', extra });
  assert.equal(refused.status, 400);
  assert.deepEqual(Object.keys(refused.json()).sort(), ['code', 'extra', 'full_name']);
  assert.match(refused.text, /has more than 4096 bytes of JSON/);
  const kept = { filler: 'é'.repeat(2000) };
  assert.equal((await call('PUT', '/api/profile/hoarder', { full_name: 'Hoarder', extra: kept })).status, 200);

  const nested = { slug: 'spent', use_charges: [{ slug: 'use', extra }], title: 'Spent' };
  const plan = await operator('POST', '/api/profile/cowork/plans', nested);
  assert.equal(plan.status, 400);
  assert.match(plan.text, /4096 bytes/);

  const registration = {
    username: 'heavy',
    full_name: 'Heavy',
    email: 'heavy@example.com',
    user_note: 'x'.repeat(5000),
  };
  const unregistered = await apiClient(app)('POST', '/api/auth/register', registration);
  assert.equal(unregistered.status, 400);
  assert.ok('user_' in unregistered.json());
});
