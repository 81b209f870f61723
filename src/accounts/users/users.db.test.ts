import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { invalidInput } from '#kernel/problem';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  callAs,
  eventsNamed,
  makeUser,
  noHooks,
  problemOf,
  sampleAccountsDeps,
  testPassword,
} from '../../../test/support/factories/accounts.ts';
import { signIn } from '../sign-in/sign-in.ts';
import { archiveUser } from './archive-user.ts';
import { insertUser } from '../identity/insert-user.ts';
import { claimName, isNameFree, releaseName } from '../identity/name-store.ts';
import { findUserByEmail, findUserById, findUserByUsername, findUsersByIds } from '../identity/user-store.ts';
import { updateUser } from './update-user.ts';

const day_ms = 86_400_000;
const deps = sampleAccountsDeps();
let database: TestDatabase;
let ctx: TestContext;

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const now = () => ctx.clock.now();
const days = (count: number) => new Date(now().getTime() + count * day_ms);
const fieldsOf = async (work: Promise<unknown>) => Object.keys((await problemOf(work)).fields ?? {});

async function profileNamed(slug: string): Promise<ProfileId> {
  const { id } = await database.db
    .insertInto('profiles')
    .values({ slug, created_at: now() })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function sentTo(address: string, field: 'code' | 'key'): Promise<string> {
  const sent = (await eventsNamed(database.db, 'user_verification')).filter((event) => event['address'] === address);
  return String(sent.findLast((event) => event[field] !== null)?.[field]);
}
const codeSentTo = (address: string) => sentTo(address, 'code');

test('names, e-mail addresses and phone numbers are unique, regardless of case', async () => {
  const user = await makeUser(database.db, { username: 'Unique', phone: '+14155550111', phone_verified_at: now() });
  const again = (given: object) => makeUser(database.db, { ...given });
  assert.deepEqual(await fieldsOf(again({ username: 'UNIQUE', email: null })), ['username']);
  assert.deepEqual(await fieldsOf(again({ email: 'Unique@Example.COM' })), ['email']);
  assert.deepEqual(await fieldsOf(again({ phone: '+14155550111' })), ['phone']);
  assert.equal((await findUserByUsername(database.db, 'uNIQUE'))?.id, user.id);
  assert.equal((await findUserByEmail(database.db, 'UNIQUE@example.com'))?.id, user.id);
  assert.deepEqual([...(await findUsersByIds(database.db, [user.id, user.id])).keys()], [user.id]);
  assert.equal((await findUsersByIds(database.db, [])).size, 0);
});

test('of concurrent registrations with one name, one succeeds', async () => {
  const outcomes = await Promise.allSettled(
    [1, 2, 3].map((number) =>
      makeUser(database.db, { username: 'contested', email: `contested${number}@example.com` }),
    ),
  );
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
});

test('a profile cannot claim the name of a user, nor a user that of a profile', async () => {
  const user = await makeUser(database.db, { username: 'alice' });
  const squatter = await profileNamed('squatter');
  const claims = (name: string, owner: object, at = now()) =>
    inTransaction(database.db, (tx) => claimName(tx, name, owner, at));
  assert.equal(await claims('alice', { profile_id: squatter }), false);
  assert.equal(await claims('ALICE', { profile_id: squatter }), false);
  assert.equal(await claims('acme', { profile_id: squatter }), true);
  assert.deepEqual(await fieldsOf(makeUser(database.db, { username: 'Acme' })), ['username']);

  const personal = await profileNamed('alice');
  assert.equal(await claims('alice', { user_id: user.id, profile_id: personal }), true);
  assert.equal(await claims('alice', { user_id: user.id, profile_id: squatter }), false);
  assert.equal(await claims('acme', { user_id: user.id, profile_id: personal }), false);
  assert.equal(await claims('acme', { user_id: user.id }), false);
});

test('a released name is reserved for its last owner for 90 days, then it is free', async () => {
  const [user, other] = [await makeUser(database.db, { username: 'former' }), await makeUser(database.db)];
  await inTransaction(database.db, (tx) => releaseName(tx, 'former', now()));
  const claims = (user_id: typeof user.id, at: Date) =>
    inTransaction(database.db, async (tx) => {
      const claimed = await claimName(tx, 'Former', { user_id }, at);
      if (claimed) await releaseName(tx, 'former', now());
      return claimed;
    });
  assert.equal(await claims(other.id, days(89)), false);
  assert.equal(await isNameFree(database.db, 'former', days(89)), false);
  assert.equal(await claims(user.id, days(89)), true);
  assert.equal(await isNameFree(database.db, 'FORMER', days(90)), true);
  assert.equal(await claims(other.id, days(90)), true);
});

test('omitted fields keep their value', async () => {
  const user = await makeUser(database.db, { nick_name: 'Nick', full_name: 'Full Name' });
  const { user: updated } = await updateUser(callAs(ctx, user), deps, user, { full_name: 'Other Name' });
  assert.deepEqual([updated.full_name, updated.nick_name, updated.email], ['Other Name', 'Nick', user.email]);
});

test('a rename calls onRename and is rolled back if that throws', async () => {
  const user = await makeUser(database.db, { username: 'before' });
  const renames: unknown[] = [];
  const following = {
    ...deps,
    hooks: { ...noHooks, onRename: async (_tx: unknown, change: unknown) => void renames.push(change) },
  };
  await updateUser(callAs(ctx, user), following, user, { slug: 'after' });
  assert.deepEqual(renames, [{ user_id: user.id, from: 'before', to: 'after' }]);
  assert.equal((await findUserById(database.db, user.id))?.username, 'after');
  assert.equal(await isNameFree(database.db, 'before', now()), false);
  assert.equal(await isNameFree(database.db, 'after', now()), false);

  const refusing = { ...deps, hooks: { ...noHooks, onRename: () => Promise.reject(invalidInput({ slug: ['No.'] })) } };
  assert.deepEqual(await fieldsOf(updateUser(callAs(ctx, user), refusing, user, { slug: 'further', full_name: 'X' })), [
    'slug',
  ]);
  const unchanged = await findUserById(database.db, user.id);
  assert.deepEqual([unchanged?.username, unchanged?.full_name], ['after', 'Sample Person']);
  assert.equal(await isNameFree(database.db, 'further', now()), true);
});

test('a stored address is taken in every spelling of its domain, Unicode or Punycode', async () => {
  await makeUser(database.db, { username: 'buch', email: 'joe@b\u00fccher.example' });
  for (const email of ['joe@xn--bcher-kva.example', 'JOE@bu\u0308cher.example'])
    assert.deepEqual(await fieldsOf(makeUser(database.db, { email })), ['email'], email);
  await database.db
    .updateTable('users')
    .set({ email: 'joe@b\u00fccher.example' })
    .where('username', '=', 'buch')
    .execute();
  assert.deepEqual(await fieldsOf(makeUser(database.db, { email: 'joe@xn--bcher-kva.example' })), ['email']);
});

test('a rename that only changes case has no effect; another name must be free and valid', async () => {
  const [user, other] = [await makeUser(database.db, { username: 'casey' }), await makeUser(database.db)];
  const rename = (slug: string) => updateUser(callAs(ctx, user), deps, user, { slug });
  assert.equal((await rename('Casey')).user.username, 'casey');
  assert.deepEqual(await fieldsOf(rename(other.username.toUpperCase())), ['username']);
  for (const bad of ['', 'a b', 'a.b', 'a@b', 'a/b', '_archive_7', 'x'.repeat(51)]) {
    assert.deepEqual(await fieldsOf(rename(bad)), ['slug'], bad);
  }
});

test('a verified address stays until the code sent to the new one is entered; a notice goes to the old one', async () => {
  const user = await makeUser(database.db);
  const [from, to] = [user.email, 'moved-to@example.com'];
  const change = (email_code?: string, secrets: object = {}) =>
    updateUser(callAs(ctx, user), deps, user, { email: to, email_code, ...secrets });

  const asked = await change(undefined, { password: testPassword });
  assert.deepEqual([asked.user.email, asked.awaiting], [from, [to]]);
  const events = (await eventsNamed(database.db, 'user_email_changed')).filter((event) => event['user_id'] === user.id);
  const { stop_key, ...notice } = events[0] ?? {};
  assert.deepEqual(notice, { user_id: user.id, from, to, is_verified: false });
  assert.match(String(stop_key), /^[0-9a-f]{40}$/);

  const code = await codeSentTo(to);
  const wrong = await problemOf(change(String((Number(code) + 1) % 1_000_000).padStart(6, '0')));
  assert.deepEqual([wrong.code, Object.keys(wrong.fields ?? {})], ['code_wrong', ['email_code']]);

  const { user: moved, awaiting } = await change(code);
  assert.deepEqual([moved.email, moved.email_verified_at, awaiting], [to, now(), []]);
  await signIn(ctx, deps, { username: to, password: testPassword }, 'token');
});

test('an address of another user and an invalid address are refused', async () => {
  const verified_phone = { phone: '+14155550177', phone_verified_at: now() };
  const [user, other] = [await makeUser(database.db), await makeUser(database.db, verified_phone)];
  const change = (input: object) => updateUser(callAs(ctx, user), deps, user, { ...input, password: testPassword });
  assert.deepEqual(await fieldsOf(change({ email: other.email?.toUpperCase() })), ['email']);
  assert.deepEqual(await fieldsOf(change({ phone: '(415) 555-0177' })), ['phone']);
  assert.deepEqual(await fieldsOf(change({ email: 'nonsense' })), ['email']);
  assert.deepEqual(await fieldsOf(change({ phone: 'nonsense' })), ['phone']);
  assert.deepEqual(await fieldsOf(change({ email: null })), ['email']);
  assert.deepEqual(await fieldsOf(change({ email: 'nonsense', phone: 'nonsense' })), ['email', 'phone']);
  assert.deepEqual((await change({ phone: '(415) 555-0178' })).awaiting, ['+14155550178']);
});

test('archiving wipes the personal data; the address is free immediately, the name stays reserved', async () => {
  const user = await makeUser(database.db, { username: 'leaver', phone: '+14155550166', nick_name: 'Lea' });
  const archived: unknown[] = [];
  const hooks = {
    ...noHooks,
    onArchive: async (_tx: unknown, change: { originated_by: unknown }) => void archived.push(change.originated_by),
  };
  await archiveUser(callAs(ctx, user), { ...deps, hooks }, user, { password: testPassword });
  const left = await findUserById(database.db, user.id);
  assert.deepEqual(
    [left?.username, left?.email, left?.phone, left?.full_name, left?.nick_name, left?.is_active, left?.has_password],
    [`_archive_${user.id}`, null, null, '', '', false, false],
  );
  assert.deepEqual(archived, [user.id]);
  assert.equal(
    (await problemOf(signIn(ctx, deps, { username: 'leaver', password: testPassword }, 'token'))).status,
    400,
  );
  await makeUser(database.db, { email: 'leaver@example.com' });
  assert.deepEqual(await fieldsOf(makeUser(database.db, { username: 'leaver', email: null })), ['username']);
  assert.ok((await eventsNamed(database.db, 'user_archived')).some((event) => event['user_id'] === user.id));
});

test('an archival is rolled back if onArchive throws', async () => {
  const user = await makeUser(database.db);
  const hooks = { ...noHooks, onArchive: () => Promise.reject(invalidInput({ user: ['The last one.'] })) };
  assert.equal(
    (await problemOf(archiveUser(callAs(ctx, user), { ...deps, hooks }, user, { password: testPassword }))).code,
    'invalid_input',
  );
  assert.deepEqual(await findUserById(database.db, user.id), user);
});

test('the database also refuses an invalid username', async () => {
  const insert = inTransaction(database.db, (tx) => insertUser(tx, { username: 'not a name' }, now()));
  await assert.rejects(insert, /users_username_check/);
});
