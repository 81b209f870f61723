import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { noFacts } from '#platform/facts/facts';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { makeThrottle } from '#platform/security/throttle';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { TEST_PASSWORD_MEMORY_KIB } from '../../../test/support/test-secret.ts';
import {
  eventsNamed,
  makeUser,
  noHooks,
  sampleAccountsDeps,
  testPassword,
} from '../../../test/support/factories/accounts.ts';
import { findUserById, updateUserRow } from '../identity/user-store.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { signIn, type SignInInput } from './sign-in.ts';

let database: TestDatabase;
let ctx: TestContext;
const deps = sampleAccountsDeps();

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/** Returns the Problem of a sign-in; throws if the sign-in succeeds. */
async function refusal(input: SignInInput, given: Partial<Context> = {}, with_deps = deps): Promise<Problem> {
  try {
    await signIn({ ...ctx, ...given }, with_deps, input, 'token');
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'the sign-in succeeded' });
}

test('a user signs in with name, e-mail address or phone number in any spelling', async () => {
  const user = await makeUser(database.db, { username: 'Donny', phone: '+14155550123' });
  for (const username of ['Donny', 'donny', 'DONNY', 'donny@example.com', 'DONNY@Example.com', '(415) 555-0123']) {
    const session = await signIn(ctx, deps, { username, password: testPassword }, 'token');
    const caller = await authenticate(
      { db: database.db, clock: ctx.clock, settings: deps.settings, facts: noFacts },
      {
        authorization: `Bearer ${session.token}`,
        session_cookie: undefined,
      },
    );
    assert.ok(caller !== null && caller !== 'invalid');
    assert.equal(caller.user_id, user.id, username);
  }
});

test('a username of the same digits does not block sign-in with a verified phone number', async () => {
  await makeUser(database.db, { username: '4155550188' });
  const owner = await makeUser(database.db, { phone: '+14155550188', phone_verified_at: ctx.clock.now() });
  const named = await makeUser(database.db, { username: '4155550189' });
  await makeUser(database.db, { phone: '+14155550189', phone_verified_at: null });
  for (const [username, user] of [
    ['4155550188', owner],
    ['(415) 555-0188', owner],
    ['4155550189', named],
  ] as const) {
    const { token } = await signIn(ctx, deps, { username, password: testPassword }, 'token');
    const headers = { authorization: `Bearer ${token}`, session_cookie: undefined };
    const caller = await authenticate(
      { db: database.db, clock: ctx.clock, settings: deps.settings, facts: noFacts },
      headers,
    );
    assert.ok(caller !== null && caller !== 'invalid');
    assert.equal(caller.user_id, user.id, username);
  }
});

test('a sign-in updates last_login_at and emits user_logged_in', async () => {
  const user = await makeUser(database.db);
  assert.equal(user.last_login_at, null);
  await signIn(ctx, deps, { username: user.username, password: testPassword }, 'token');
  assert.deepEqual((await findUserById(database.db, user.id))?.last_login_at, ctx.clock.now());
  const events = await eventsNamed(database.db, 'user_logged_in');
  assert.ok(events.some((event) => event['user_id'] === user.id));
});

test('a wrong password, an unknown name and an account without a password get the same refusal', async () => {
  const user = await makeUser(database.db);
  const bare = await makeUser(database.db, { password: null });
  const gone = await makeUser(database.db);
  await inTransaction(database.db, (tx) => updateUserRow(tx, gone.id, { is_active: false }));
  const responses = [
    await refusal({ username: user.username, password: 'bad password' }),
    await refusal({ username: 'unknown-name', password: 'bad password' }),
    await refusal({ username: 'unknown@example.org', password: 'bad password' }),
    await refusal({ username: bare.username, password: 'bad password' }),
    await refusal({ username: gone.username, password: testPassword }),
  ].map(({ code, status, message, fields, extra }) => ({ code, status, message, fields, extra }));
  assert.equal(responses[0]?.code, 'credentials_mismatch');
  assert.equal(responses[0]?.status, 400);
  for (const response of responses) assert.deepEqual(response, responses[0]);
});

test('a failed sign-in emits user_login_failed for known and unknown names', async () => {
  const user = await makeUser(database.db);
  await refusal({ username: user.username, password: 'bad password' });
  await refusal({ username: 'unknown-user', password: 'bad password' });
  const long = `${'a'.repeat(149)}😀`;
  assert.equal((await refusal({ username: long, password: 'bad password' })).code, 'credentials_mismatch');
  const events = await eventsNamed(database.db, 'user_login_failed');
  assert.ok(events.some((event) => event['user_id'] === user.id));
  assert.ok(events.some((event) => event['user_id'] === null && event['username'] === 'unknown-user'));
});

test('a request without a password gets the same refusal for known and unknown names', async () => {
  const user = await makeUser(database.db);
  const known = await refusal({ username: user.username });
  const unknown = await refusal({ username: 'unknown-name' });
  assert.equal(known.status, 401);
  assert.deepEqual(known.fields, { password: ['Enter your password.'] });
  assert.deepEqual([unknown.code, unknown.fields], [known.code, known.fields]);
});

test('ten wrong passwords for a user from one network lock sign-in from there; right passwords are not counted', async () => {
  const user = await makeUser(database.db);
  const busy = { ...deps, settings: { ...deps.settings, throttle: makeThrottle(() => 0) } };
  for (let count = 0; count < 12; count += 1) {
    await signIn(ctx, busy, { username: user.username, password: testPassword }, 'token');
  }
  for (let count = 0; count < 10; count += 1) {
    assert.equal((await refusal({ username: user.username, password: 'bad' }, {}, busy)).status, 400);
  }
  const closed = await refusal({ username: user.username.toUpperCase(), password: testPassword }, {}, busy);
  assert.equal(closed.status, 429);
  assert.ok((closed.extra.retry_after_s ?? 0) > 0);
  const elsewhere = { ...ctx, peer: { ip: '192.0.2.99', user_agent: 'test' } };
  await signIn(elsewhere, busy, { username: user.username, password: testPassword }, 'token');
});

test('wrong passwords of one user are counted together for every name and spelling', async () => {
  const user = await makeUser(database.db);
  const email = user.email ?? '';
  const fresh = { ...deps, settings: { ...deps.settings, throttle: makeThrottle(() => 0) } };
  const spellings = [user.username, user.username.toUpperCase(), email, email.toUpperCase(), ` ${email} `];
  for (const username of [...spellings, ...spellings]) {
    assert.equal((await refusal({ username, password: 'bad' }, {}, fresh)).code, 'credentials_mismatch');
  }
  for (const username of spellings)
    assert.equal((await refusal({ username, password: testPassword }, {}, fresh)).code, 'too_many_requests');
});

test('known and unknown names are locked after the same number of attempts', async () => {
  const user = await makeUser(database.db);
  for (const username of [user.username, 'unknown-name']) {
    const fresh = { ...deps, settings: { ...deps.settings, throttle: makeThrottle(() => 0) } };
    const statuses = [];
    for (let count = 0; count < 12; count += 1) {
      statuses.push((await refusal({ username, email_code: 123456 }, {}, fresh)).status);
    }
    assert.deepEqual(statuses, [...Array<number>(10).fill(400), 429, 429]);
  }
});

test('a password attempt on an account without a password sends no message', async () => {
  const user = await makeUser(database.db, { password: null });
  await refusal({ username: user.username, password: 'my old password' });
  const sent = (await eventsNamed(database.db, 'user_verification')).filter((event) => event['user_id'] === user.id);
  assert.deepEqual(sent, []);
});

test('while sign-in is disabled only managers of the site can sign in', async () => {
  const [user, operator] = [await makeUser(database.db), await makeUser(database.db)];
  const site = { ...ctx.site, authentication: 'disabled' as const };
  const hooks = { ...noHooks, isOperator: async (_reader: unknown, _site: unknown, id: unknown) => id === operator.id };
  const closed = { ...deps, hooks };
  const response = await refusal({ username: user.username, password: testPassword }, { site }, closed);
  assert.deepEqual([response.code, response.status], ['authentication_disabled', 403]);
  assert.equal((await refusal({ username: user.username, password: 'bad' }, { site }, closed)).status, 400);
  await signIn({ ...ctx, site }, closed, { username: operator.username, password: testPassword }, 'token');
});

test('a password hashed with an outdated cost is rehashed at sign-in', async () => {
  const { argon2Sync } = await import('node:crypto');
  const nonce = Buffer.alloc(16, 3);
  const tag = argon2Sync('argon2id', {
    message: testPassword,
    nonce,
    memory: 8192,
    passes: 1,
    parallelism: 1,
    tagLength: 32,
  });
  const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  const user = await makeUser(database.db, {
    password_hash: `$argon2id$v=19$m=8192,t=1,p=1$${base64(nonce)}$${base64(tag)}`,
  });
  await signIn(ctx, deps, { username: user.username, password: testPassword }, 'token');
  const { password_hash } = await database.db
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', user.id)
    .executeTakeFirstOrThrow();
  assert.ok(password_hash?.includes(`m=${TEST_PASSWORD_MEMORY_KIB},t=2,p=1`));
  await signIn(ctx, deps, { username: user.username, password: testPassword }, 'token');
});
