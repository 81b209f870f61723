import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from '#profiles';
import { apiClient } from '../../test/support/client.ts';
import { eventsNamed } from '../../test/support/factories/accounts.ts';
import { makeMember, makeReadyUser } from '../../test/support/factories/profiles.ts';
import { tokenOf } from '../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';

type Rows = { count: number; next: string | null; results: Record<string, unknown>[] };

let app: TestApp;
let asAlice: ReturnType<typeof apiClient>;
let asXia: ReturnType<typeof apiClient>;

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const alice = await makeReadyUser(app.db, { username: 'alice', full_name: 'Alice Cooper' });
  await makeMember(app.db, broker, alice, 'manager');
  asAlice = apiClient(app, await tokenOf(app, alice));
  asXia = apiClient(
    app,
    await tokenOf(app, await makeReadyUser(app.db, { username: 'xia', full_name: 'Xia Lee', personal: true })),
  );
});
after(() => app.close());

test('a broker manager creates a contact without a login', async () => {
  const made = await asAlice('POST', '/api/users', { full_name: 'Lea D Lead', email: 'Lea.D@x.example' });
  assert.equal(made.status, 201);
  assert.deepEqual(
    [made.json()['slug'], made.json()['credentials'], made.json()['nick_name'], made.json()['email']],
    ['lead', false, 'Lea', 'lea.d@x.example'],
  );
  assert.equal(made.headers['location'], '/api/users/lead');
  assert.equal((await asAlice('GET', '/api/users/lead')).json()['full_name'], 'Lea D Lead');
  assert.equal((await asAlice('GET', '/api/users/ghost')).status, 404);
  assert.equal((await asXia('GET', '/api/users/lead')).status, 403);
  assert.equal(
    (await asAlice('POST', '/api/users/lead/activate')).status,
    201,
    'the contact can be invited to create a login',
  );
});

test('a contact with the verified address of a user is linked to the user', async () => {
  const linked = await asAlice('POST', '/api/users', { full_name: 'Xia', email: 'xia@example.com' });
  assert.deepEqual([linked.status, linked.json()['slug'], linked.json()['credentials']], [201, 'xia', true]);
  const refusals: [unknown, string][] = [
    [{ full_name: 'Xia', email: 'XIA@example.com' }, 'email'],
    [{ full_name: 'X', slug: 'alice', email: 'n1@x.example' }, 'slug'],
    [{ full_name: 'X', slug: 'cowork', email: 'n2@x.example' }, 'slug'],
    [{ full_name: 'X' }, 'phone'],
    [{ email: 'n3@x.example' }, 'full_name'],
    [{ full_name: 'X', email: 'nonsense' }, 'email'],
  ];
  for (const [body, field] of refusals) {
    const response = await asAlice('POST', '/api/users', body);
    assert.equal(response.status, 400, JSON.stringify(body));
    assert.ok(Array.isArray(response.json()[field]), response.text);
  }
});

test('the directory lists each user and each contact without a login once, over all pages', async () => {
  for (let n = 0; n < 30; n += 1)
    await asAlice('POST', '/api/users', { full_name: `Row ${String(n).padStart(2, '0')}`, email: `row${n}@x.example` });
  const first = (await asAlice('GET', '/api/users?page_size=20')).json<Rows>();
  const slugs = first.results.map((row) => row['slug']);
  let next = first.next;
  while (next !== null) {
    const page = (await asAlice('GET', new URL(next).pathname + new URL(next).search)).json<Rows>();
    slugs.push(...page.results.map((row) => row['slug']));
    next = page.next;
  }
  assert.equal(slugs.length, first.count);
  assert.equal(new Set(slugs).size, slugs.length, 'no person is listed twice');
  assert.ok(slugs.includes('xia') && slugs.includes('lead'));
  assert.deepEqual(
    (await asAlice('GET', '/api/users?q=xia')).json<Rows>().results.map((row) => row['printable_name']),
    ['Xia Lee'],
  );
  assert.equal((await asXia('GET', '/api/users')).status, 403);
});

test('a broker manager records notes about a contact and, optionally, a profile', async () => {
  const url = '/api/contacts/xia/activities';
  assert.ok(Array.isArray((await asAlice('POST', url, { text: 'Phone call' })).json()['account']));
  const plain = await asAlice('POST', url, { text: 'Phone call', account: null });
  assert.deepEqual([plain.status, plain.json()], [201, { text: 'Phone call', account: null }]);
  assert.ok(Array.isArray((await asAlice('POST', url, { text: 'x', account: 'zzz' })).json()['account']));
  assert.equal((await asAlice('POST', url, { text: 'Wants more', account: 'xia' })).status, 201);
  const listed = (await asAlice('GET', url)).json<Rows>();
  assert.deepEqual(
    listed.results.map((row) => row['text']),
    ['Phone call', 'Wants more'],
  );
  assert.equal(Reflect.get(Object(listed.results[0]?.['created_by']), 'username'), 'alice');
  const unknown = await asAlice('GET', '/api/contacts/ghost/activities');
  assert.deepEqual([unknown.status, unknown.json()['code']], [404, 'contact_unknown']);
  const without = await asAlice('GET', '/api/contacts/alice/activities');
  assert.deepEqual([without.status, without.json()['code']], [404, 'contact_unknown'], 'a user without a contact');
});

test('a user gets the contact of an address only after verifying the address', async () => {
  await asAlice('POST', '/api/users', { full_name: 'Old Friend', slug: 'old-friend', email: 'friend@x.example' });
  await asAlice('POST', '/api/contacts/old-friend/activities', { text: 'Met at the fair', account: null });
  const typed = await makeReadyUser(app.db, { username: 'typed', email: 'friend@x.example', email_verified_at: null });
  assert.equal((await asAlice('GET', '/api/contacts/typed/activities')).status, 404);
  await app.db.updateTable('users').set({ email_verified_at: app.clock.now() }).where('id', '=', typed.id).execute();
  assert.equal((await asAlice('GET', '/api/contacts/typed/activities')).json()['count'], 1);
  await asAlice('POST', '/api/contacts/typed/activities', { text: 'Called', account: null });
  assert.equal((await asAlice('GET', '/api/contacts/typed/activities')).json()['count'], 2);
  const directory = (await asAlice('GET', '/api/users?q=friend@x.example&q_f=email')).json<Rows>();
  assert.deepEqual(
    directory.results.map((row) => row['slug']),
    ['typed'],
    'once',
  );
});

test('a user cannot read the notes about the own profile', async () => {
  assert.deepEqual((await asXia('GET', '/api/profile/xia')).json()['activities'], []);
  const seen = (await asAlice('GET', '/api/profile/xia')).json<{ activities: Record<string, unknown>[] }>();
  assert.deepEqual(
    seen.activities.map((row) => row['text']),
    ['Wants more'],
  );
});

test('the contact form removes injected headers, and uses the name and address of a signed-in sender', async () => {
  const sent = await apiClient(app)('POST', '/api/contact', {
    full_name: 'Joe\r\nBcc: all@x.example',
    email: 'joe@x.example',
    message: 'Hello',
  });
  assert.deepEqual(
    [sent.status, sent.json()['detail']],
    [200, 'Your request has been sent. We will reply within 24 hours. Thank you.'],
  );
  const [event] = await eventsNamed(app.db, 'user_contact');
  assert.deepEqual(
    [event?.['full_name'], event?.['user_id'], event?.['message']],
    ['Joe Bcc: all@x.example', null, 'Hello'],
  );
  assert.equal(
    (await apiClient(app)('POST', '/api/contact', { full_name: 'Joe', email: 'joe@x.example\r\nBcc: a@b.example' }))
      .status,
    400,
  );
  assert.ok(Array.isArray((await apiClient(app)('POST', '/api/contact', { full_name: 'Joe' })).json()['email']));
  await asXia('POST', '/api/contact', { full_name: 'Another Name', email: 'other@x.example', message: 'Hi' });
  const mine = (await eventsNamed(app.db, 'user_contact')).at(-1);
  assert.deepEqual([mine?.['full_name'], mine?.['email']], ['Xia Lee', 'xia@example.com']);
});
