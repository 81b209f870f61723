import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { SignJWT } from 'jose';
import { noFacts } from '#platform/facts/facts';
import type { Context } from '#platform/context';
import { deriveKey, keyId } from '#platform/security/crypto';
import type { SessionId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeUser, noHooks, sampleAccountsSettings, testPassword } from '../../../test/support/factories/accounts.ts';
import { changePassword, removePassword } from '../security-settings/change-password.ts';
import { archiveUser } from '../users/archive-user.ts';
import type { User } from '../identity/user.ts';
import { authenticate, type PresentedCredentials } from './authenticate.ts';
import { openSession, type OpenedSession } from './open-session.ts';
import { signOut } from './sign-out.ts';

const day_ms = 86_400_000;
const master = 'a master key of at least 32 characters';
const settings = sampleAccountsSettings({ secret_key: master });
let database: TestDatabase;
let ctx: TestContext;

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

function open(user: User, kind: 'token' | 'cookie' = 'token', at = ctx.clock.now()): Promise<OpenedSession> {
  return inTransaction(database.db, (tx) => openSession(tx, settings, { user, kind, peer: ctx.peer }, at));
}

function ask(given: Partial<PresentedCredentials>, clock: Context['clock'] = ctx.clock) {
  return authenticate(
    { db: database.db, clock: clock, settings: settings, facts: noFacts },
    {
      authorization: undefined,
      session_cookie: undefined,
      ...given,
    },
  );
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const clockAt = (instant: Date): Context['clock'] => ({ now: () => instant });
const after_ms = (ms: number) => clockAt(new Date(ctx.clock.now().getTime() + ms));

function asUser(user: User, session: OpenedSession | null, via: 'token' | 'cookie' = 'token'): Context {
  const { id: user_id, username } = user;
  const session_id = session?.session_id ?? null;
  return { ...ctx, actor: { kind: 'user', user_id, username, session_id, via, visitor_hash: null } };
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

test('a token names its user, contains the fields that clients show, and lasts 14 days', async () => {
  const user = await makeUser(database.db, { username: 'xia', full_name: 'Xia Lee' });
  const { token, session_id } = await open(user);
  const claims = claimsOf(token);
  assert.equal(claims['username'], 'xia');
  assert.equal(claims['email'], 'xia@example.com');
  assert.equal(claims['full_name'], 'Xia Lee');
  assert.equal(claims['credentials'], true);
  assert.equal(claims['sub'], String(user.id));
  assert.equal(claims['jti'], session_id);
  assert.equal(claims['aud'], 'tollgate');
  assert.equal(claims['exp'], Math.floor(ctx.clock.now().getTime() / 1000) + 14 * 86_400);
  assert.equal(claims['iat'], Math.floor(ctx.clock.now().getTime() / 1000));

  const caller = await ask(bearer(token));
  assert.deepEqual(caller, { user_id: user.id, username: 'xia', session_id, via: 'token' });
  assert.deepEqual(await ask({ authorization: `bearer  ${token}` }), caller);
});

test('a token is invalid from the instant of its expiry (inclusive)', async () => {
  const { token } = await open(await makeUser(database.db));
  assert.notEqual(await ask(bearer(token), after_ms(14 * day_ms - 1000)), 'invalid');
  assert.equal(await ask(bearer(token), after_ms(14 * day_ms)), 'invalid');
});

test('altered, unsigned, malformed and other issuers’ tokens are invalid without an error', async () => {
  const user = await makeUser(database.db);
  const { token, session_id } = await open(user);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const key = deriveKey(master, 'accounts: tokens');
  const sign = (head: object, body: object, secret: Buffer, hash = 'sha256') => {
    const text = `${encode(head)}.${encode(body)}`;
    return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
  };
  const good = { alg: 'HS256', typ: 'JWT', kid: keyId(key) };
  const claims = claimsOf(token);
  assert.notEqual(await ask(bearer(sign(good, claims, key))), 'invalid', 'each forged token below differs in one part');

  const forged: Record<string, string> = {
    'alg none': `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
    'alg None': `${encode({ alg: 'None', typ: 'JWT' })}.${payload}.${signature}`,
    'another algorithm': sign({ ...good, alg: 'HS512' }, claims, key, 'sha512'),
    'another key': sign(good, claims, deriveKey(master, 'something else')),
    'another key id': sign({ ...good, kid: 'deadbeef' }, claims, key),
    'another user': sign(good, { ...claims, sub: String(Number(claims['sub']) + 1) }, key),
    'another audience': sign(good, { ...claims, aud: 'elsewhere' }, key),
    'no expiry': sign(good, { ...claims, exp: undefined }, key),
    'no session': sign(good, { ...claims, jti: undefined }, key),
    'an unknown session': sign(good, { ...claims, jti: 'x'.repeat(32) }, key),
    'a subject that is no number': sign(good, { ...claims, sub: 'donny' }, key),
    'a changed payload': `${header}.${encode({ ...claims, sub: '1' })}.${signature}`,
    'no signature': `${header}.${payload}.`,
    'two parts': `${header}.${payload}`,
    'no token': 'x',
    'a long token': `${token}${'A'.repeat(5000)}`,
  };
  for (const [what, text] of Object.entries(forged)) assert.equal(await ask(bearer(text)), 'invalid', what);

  for (const authorization of ['', 'Bearer', 'Bearer a b', 'Digest abc', 'Basic', 'Basic !!!', `Basic ${token}`]) {
    assert.equal(await ask({ authorization }), 'invalid', authorization);
  }
  assert.ok(session_id);
});

test('a token signed by another installation is invalid, even with the id of an existing session', async () => {
  const user = await makeUser(database.db);
  const { session_id } = await open(user);
  const key = await crypto.subtle.importKey('raw', new Uint8Array(32), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  const foreign = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(String(user.id))
    .setJti(session_id)
    .setAudience('tollgate')
    .setIssuedAt(Math.floor(ctx.clock.now().getTime() / 1000))
    .setExpirationTime(Math.floor(ctx.clock.now().getTime() / 1000) + 60)
    .sign(key);
  assert.equal(await ask(bearer(foreign)), 'invalid');
});

test('a token accepted earlier is invalid after its session has ended', async () => {
  const user = await makeUser(database.db);
  const [here, elsewhere] = [await open(user), await open(user)];
  assert.notEqual(await ask(bearer(here.token)), 'invalid');
  await signOut(asUser(user, here), { everywhere: false });
  assert.equal(await ask(bearer(here.token)), 'invalid');
  assert.notEqual(await ask(bearer(elsewhere.token)), 'invalid');
});

test('signing out everywhere ends every token and browser session', async () => {
  const user = await makeUser(database.db);
  const sessions = [await open(user), await open(user, 'cookie'), await open(user)];
  await signOut(asUser(user, sessions[0] ?? null), { everywhere: true });
  for (const { token, cookie_secret } of sessions) {
    assert.equal(await ask(bearer(token)), 'invalid');
    if (cookie_secret !== null) assert.equal(await ask({ session_cookie: cookie_secret }), null);
  }
});

test('a change of password ends every token and browser session; the browser that made it gets a new session', async () => {
  const user = await makeUser(database.db);
  const [token, cookie] = [await open(user), await open(user, 'cookie')];
  const by_cookie = asUser(user, cookie, 'cookie');
  const changed = await changePassword(by_cookie, settings, {
    password: testPassword,
    new_password: 'another fine one',
  });
  const fresh = changed.session;
  assert.equal(await ask(bearer(token.token)), 'invalid');
  assert.equal(await ask(bearer(cookie.token)), 'invalid');
  assert.equal(await ask({ session_cookie: cookie.cookie_secret ?? '' }), null);
  assert.ok(fresh?.cookie_secret);
  assert.notEqual(fresh.session_id, cookie.session_id);
  assert.notEqual(await ask({ session_cookie: fresh.cookie_secret }), null);
});

test('removing the password and archiving the user invalidate every token', async () => {
  for (const end of ['remove', 'archive'] as const) {
    const user = await makeUser(database.db);
    const session = await open(user);
    assert.notEqual(await ask(bearer(session.token)), 'invalid');
    if (end === 'remove') {
      await removePassword(asUser(user, session), settings, user, { password: testPassword });
    } else await archiveUser(asUser(user, session), { settings, hooks: noHooks }, user, { password: testPassword });
    assert.equal(await ask(bearer(session.token)), 'invalid', end);
  }
});

test('a cookie is stored as a hash; an expired or malformed one is anonymous', async () => {
  const user = await makeUser(database.db);
  const session = await open(user, 'cookie');
  const secret = session.cookie_secret ?? '';
  assert.match(secret, /^[-\w]{43}$/);
  const row = await database.db
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', session.session_id)
    .executeTakeFirstOrThrow();
  assert.match(row.secret_hash ?? '', /^[0-9a-f]{64}$/);
  assert.doesNotMatch(JSON.stringify(row), new RegExp(secret));

  assert.deepEqual(await ask({ session_cookie: secret }), {
    user_id: user.id,
    username: user.username,
    session_id: session.session_id,
    via: 'cookie',
  });
  assert.equal(await ask({ session_cookie: secret }, after_ms(14 * day_ms)), null);
  for (const session_cookie of ['', 'x', 'x'.repeat(43), `${secret}x`, "' or 1=1 --"]) {
    assert.equal(await ask({ session_cookie }), null);
  }
});

test('an invalid header is rejected even with a valid cookie', async () => {
  const { cookie_secret } = await open(await makeUser(database.db), 'cookie');
  assert.equal(await ask({ ...bearer('x'), session_cookie: cookie_secret ?? '' }), 'invalid');
});

test('every sign-in gets its own session and secret', async () => {
  const user = await makeUser(database.db);
  const [one, two] = [await open(user, 'cookie'), await open(user, 'cookie')];
  assert.notEqual(one.session_id, two.session_id);
  assert.notEqual(one.cookie_secret, two.cookie_secret);
});

test('username and password are not accepted as API credentials', async () => {
  const user = await makeUser(database.db);
  const basic = Buffer.from(`${user.username}:${testPassword}`).toString('base64');
  assert.equal(await ask({ authorization: `Basic ${basic}` }), 'invalid');
});

test('the last use of a session is written at most once a minute', async () => {
  const user = await makeUser(database.db);
  const { token, session_id } = await open(user);
  const seen = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const row = await database.db
      .selectFrom('sessions')
      .select('last_seen_at')
      .where('id', '=', session_id)
      .executeTakeFirstOrThrow();
    return row.last_seen_at.getTime() - ctx.clock.now().getTime();
  };
  await ask(bearer(token), after_ms(59_000));
  assert.equal(await seen(), 0);
  await ask(bearer(token), after_ms(61_000));
  assert.equal(await seen(), 61_000);
  await ask(bearer(token), after_ms(90_000));
  assert.equal(await seen(), 61_000);
});

test('a rename leaves the tokens of the user valid', async () => {
  const user = await makeUser(database.db);
  const { token, session_id } = await open(user);
  await database.db.updateTable('users').set({ username: 'renamed-one' }).where('id', '=', user.id).execute();
  await makeUser(database.db, { email: 'newcomer@example.com' });
  const caller = await ask(bearer(token));
  assert.deepEqual(caller, { user_id: user.id, username: 'renamed-one', session_id, via: 'token' });
  assert.ok((session_id satisfies SessionId).length >= 16);
});
