import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { noFacts } from '#platform/facts/facts';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeUser, sampleAccountsSettings } from '../../../test/support/factories/accounts.ts';
import type { User } from '../identity/user.ts';
import { authenticate, type PresentedCredentials } from './authenticate.ts';
import { openSession, type OpenedSession } from './open-session.ts';
import { renewToken, verifyToken } from './renew-token.ts';
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

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
  return 'ok';
}

test('a renewed token expires later and belongs to the same session', async () => {
  const user = await makeUser(database.db);
  const session = await open(user);
  const later = { ...asUser(user, session), clock: after_ms(10 * day_ms) };
  const renewed = await renewToken(later, settings, session.token);
  assert.equal(claimsOf(renewed)['jti'], session.session_id);
  assert.notEqual(await ask(bearer(renewed), after_ms(23 * day_ms)), 'invalid');
  assert.equal(await ask(bearer(session.token), after_ms(23 * day_ms)), 'invalid');
});

test('repeated renewals end 30 days after the last sign-in', async () => {
  const user = await makeUser(database.db);
  const session = await open(user);
  let token = session.token;
  for (const days of [13, 26]) {
    token = await renewToken({ ...asUser(user, session), clock: after_ms(days * day_ms) }, settings, token);
  }
  assert.equal(claimsOf(token)['exp'], Math.floor(ctx.clock.now().getTime() / 1000) + 30 * 86_400);
  const at_29 = { ...asUser(user, session), clock: after_ms(29 * day_ms) };
  token = await renewToken(at_29, settings, token);
  assert.notEqual(await ask(bearer(token), after_ms(30 * day_ms - 1000)), 'invalid');
  const at_30 = { ...asUser(user, session), clock: after_ms(30 * day_ms) };
  assert.equal(await codeOf(renewToken(at_30, settings, token)), 'token_invalid');
});

test('a token is not renewed after the renewal limit of its session', async () => {
  const brief = sampleAccountsSettings({ secret_key: master, refresh_lifetime_s: 3600 });
  const user = await makeUser(database.db);
  const session = await open(user);
  const later = { ...asUser(user, session), clock: after_ms(3_600_000) };
  assert.equal(await codeOf(renewToken(later, brief, session.token)), 'token_renewal_over');
});

test('only a valid token of the caller is renewed or verified', async () => {
  const [user, other] = [await makeUser(database.db), await makeUser(database.db)];
  const [mine, theirs] = [await open(user), await open(other)];
  const me = asUser(user, mine);
  assert.equal(await codeOf(verifyToken(me, settings, mine.token)), 'ok');
  assert.equal(await codeOf(verifyToken(me, settings, theirs.token)), 'token_invalid');
  assert.equal(await codeOf(verifyToken(me, settings, 'nonsense')), 'token_invalid');
  assert.equal(await codeOf(renewToken(me, settings, theirs.token)), 'token_of_another_user');
  assert.equal(await codeOf(renewToken(me, settings, 'nonsense')), 'token_invalid');
  const ended = await open(user);
  await signOut(asUser(user, ended), { everywhere: false });
  assert.equal(await codeOf(renewToken(me, settings, ended.token)), 'token_invalid');
  assert.equal(await codeOf(verifyToken(me, settings, ended.token)), 'token_invalid');
});
