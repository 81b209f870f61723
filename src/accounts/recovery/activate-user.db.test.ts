import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { noFacts } from '#platform/facts/facts';
import { inTransaction } from '#platform/db/database';
import { seal } from '#platform/security/crypto';
import { makeThrottle } from '#platform/security/throttle';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  eventsNamed,
  makeUser,
  problemOf,
  sampleAccountsDeps,
  testPassword,
} from '../../../test/support/factories/accounts.ts';
import { insertApiKey, generateApiKey } from '../credentials/api-key-store.ts';
import { totpBinding } from '../factors/check-factors.ts';
import { upsertTotp, updateTotp } from '../credentials/totp-store.ts';
import { generateTotpSecret } from '../credentials/totp.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { openSession } from '../sessions/open-session.ts';
import { signIn } from '../sign-in/sign-in.ts';
import { findUserByEmail, findUserById } from '../identity/user-store.ts';
import type { User } from '../identity/user.ts';
import { activateUser, findUsableLink } from './activate-user.ts';
import { prepareVerification } from '../verifications/prepare-verification.ts';
import { presentLink } from './present-link.ts';
import { recoverAccess } from './recover-access.ts';

let database: TestDatabase;
let ctx: TestContext;
const deps = sampleAccountsDeps();
const new_password = 'a brand new sentence';

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const unthrottled = () => ({ ...deps, settings: { ...deps.settings, throttle: makeThrottle(() => 0) } });

async function mailsTo(address: string): Promise<Record<string, unknown>[]> {
  return (await eventsNamed(database.db, 'user_verification')).filter((event) => event['address'] === address);
}

async function linkFor(user: User): Promise<string> {
  await recoverAccess(ctx, unthrottled().settings, user.email ?? '', 'link');
  return String((await mailsTo(user.email ?? '')).at(-1)?.['key']);
}

function leadLink(address: string): Promise<string | null> {
  const request = {
    user_id: null,
    channel: 'email',
    address,
    purpose: 'activate',
    sends: 'key',
    lifetime_s: 3600,
  } as const;
  return inTransaction(database.db, async (tx) => (await prepareVerification(tx, request, ctx.clock.now())).key);
}

test('a link sets a password, verifies the address and signs the user in, once', async () => {
  const user = await makeUser(database.db, { password: null, email_verified_at: null });
  const key = await linkFor(user);
  const session = await activateUser(ctx, unthrottled(), key, { new_password, full_name: 'New Name' }, 'token');
  const caller = await authenticate(
    { db: database.db, clock: ctx.clock, settings: deps.settings, facts: noFacts },
    {
      authorization: `Bearer ${session.token}`,
      session_cookie: undefined,
    },
  );
  assert.ok(caller !== null && caller !== 'invalid' && caller.user_id === user.id);
  const changed = await findUserById(database.db, user.id);
  assert.equal(changed?.has_password, true);
  assert.equal(changed?.full_name, 'New Name');
  assert.deepEqual(changed?.email_verified_at, ctx.clock.now());
  await signIn(ctx, deps, { username: user.username, password: new_password }, 'token');

  const again = await problemOf(activateUser(ctx, unthrottled(), key, { new_password }, 'token'));
  assert.deepEqual([again.code, again.status], ['verification_unknown', 404]);
});

test('of concurrent requests with one link, one succeeds', async () => {
  const key = await linkFor(await makeUser(database.db));
  const attempts = [1, 2, 3].map(() => activateUser(ctx, unthrottled(), key, { new_password }, 'token'));
  const outcomes = await Promise.allSettled(attempts);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
});

test('using a link voids every other link and ends every session', async () => {
  const user = await makeUser(database.db);
  const [one, two] = [await linkFor(user), await linkFor(user)];
  const thief = await inTransaction(database.db, (tx) =>
    openSession(tx, deps.settings, { user, kind: 'token', peer: null }, ctx.clock.now()),
  );
  await activateUser(ctx, unthrottled(), two, { new_password }, 'token');
  assert.equal((await problemOf(activateUser(ctx, unthrottled(), one, { new_password }, 'token'))).status, 404);
  const stolen = { authorization: `Bearer ${thief.token}`, session_cookie: undefined };
  assert.equal(
    await authenticate({ db: database.db, clock: ctx.clock, settings: deps.settings, facts: noFacts }, stolen),
    'invalid',
  );
});

test('opening a link does not consume it; unknown and expired links have the same result', async () => {
  const user = await makeUser(database.db);
  const key = await linkFor(user);
  const { settings } = unthrottled();
  for (let count = 0; count < 3; count += 1) {
    assert.equal((await findUsableLink(ctx, settings, key))?.user?.id, user.id);
  }
  const late = await testContext(database.db, { now: new Date(ctx.clock.now().getTime() + 86_400_000) });
  assert.equal(await findUsableLink(late, settings, key), null);
  for (const text of ['', 'x', '0'.repeat(40), key.toUpperCase().replace(/[0-9]/g, 'A'), `${key}0`]) {
    assert.equal(await findUsableLink(ctx, settings, text), null);
  }
});

test('a refused password does not consume the link', async () => {
  const user = await makeUser(database.db);
  const key = await linkFor(user);
  for (const bad of ['short', 'password123', user.username, user.email ?? '']) {
    const { code, fields } = await problemOf(activateUser(ctx, unthrottled(), key, { new_password: bad }, 'token'));
    assert.equal(code, 'invalid_input', bad);
    assert.deepEqual(Object.keys(fields ?? {}), ['new_password']);
  }
  await activateUser(ctx, unthrottled(), key, { new_password }, 'token');
});

test('a link requires the code of a TOTP factor; a wrong code does not consume the link', async () => {
  const user = await makeUser(database.db);
  const secret = generateTotpSecret();
  await inTransaction(database.db, async (tx) => {
    await upsertTotp(tx, user.id, seal(secret, deps.settings.seal_key, totpBinding(user)), ctx.clock.now());
    await updateTotp(tx, user.id, { confirmed_at: ctx.clock.now() });
  });
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: ctx.clock.now().getTime() });
  const key = await linkFor(user);
  const attempt = (otp_code?: string) => activateUser(ctx, unthrottled(), key, { new_password, otp_code }, 'token');
  assert.equal((await problemOf(attempt())).code, 'sign_in_step_required');
  assert.equal((await problemOf(attempt(String((Number(code) + 1) % 1_000_000)))).code, 'code_wrong');
  await attempt(code);
});

test('the event depends on whether the user is new, sets a first password or replaces one', async () => {
  const fresh = await makeUser(database.db, { password: null });
  const bare = await makeUser(database.db, { password: null });
  await database.db.updateTable('users').set({ last_login_at: ctx.clock.now() }).where('id', '=', bare.id).execute();
  const whole = await makeUser(database.db);
  await signIn(ctx, deps, { username: whole.username, password: testPassword }, 'token');
  for (const user of [fresh, bare, whole]) {
    await activateUser(ctx, unthrottled(), await linkFor(user), { new_password }, 'token');
  }
  const wasEmitted = async (name: string, user: User) =>
    (await eventsNamed(database.db, name)).some((event) => event['user_id'] === user.id);
  assert.ok(await wasEmitted('user_registered', fresh));
  assert.ok(await wasEmitted('user_activated', bare));
  assert.ok(await wasEmitted('user_reset_password', whole));
});

test('a link creates the user of an invited person, with a free username', async () => {
  await makeUser(database.db, { username: 'invited' });
  const key = await leadLink('Invited@Example.org');
  const link = await findUsableLink(ctx, deps.settings, key ?? '');
  assert.ok(link);
  const shown = presentLink(link);
  assert.deepEqual([shown.email, shown.credentials], ['invited@example.org', false]);

  await activateUser(ctx, unthrottled(), key ?? '', { new_password, full_name: 'Invited Person' }, 'token');
  const user = await findUserByEmail(database.db, 'invited@example.org');
  assert.match(user?.username ?? '', /^invited-[0-9]{3}$/);
  assert.equal(user?.full_name, 'Invited Person');
  assert.deepEqual(user?.email_verified_at, ctx.clock.now());
});

test('an invitation link resolves to the user who registered with the invited address', async () => {
  const key = await leadLink('meanwhile@example.org');
  const user = await makeUser(database.db, { email: 'meanwhile@example.org', email_verified_at: null });
  const link = await findUsableLink(ctx, deps.settings, key ?? '');
  assert.equal(link?.user?.id, user.id);
});

test('a username chosen at activation must be valid and free', async () => {
  const taken = await makeUser(database.db);
  const key = await leadLink('chooser@example.org');
  const attempt = (username: string) =>
    activateUser(ctx, unthrottled(), key ?? '', { new_password, username }, 'token');
  assert.deepEqual(Object.keys((await problemOf(attempt(taken.username.toUpperCase()))).fields ?? {}), ['username']);
  assert.deepEqual(Object.keys((await problemOf(attempt('not a name'))).fields ?? {}), ['username']);
  assert.deepEqual(Object.keys((await problemOf(attempt('_archive_1'))).fields ?? {}), ['username']);
  await attempt('chooser-1');
  assert.equal((await findUserByEmail(database.db, 'chooser@example.org'))?.username, 'chooser-1');
});

test('API keys created before the first proof of the address are deleted by it', async () => {
  const squatted = await makeUser(database.db, { email_verified_at: null });
  const key = generateApiKey();
  await inTransaction(database.db, (tx) =>
    insertApiKey(tx, { user_id: squatted.id, title: '', key, created_at: ctx.clock.now(), ends_at: null }),
  );
  const basic = Buffer.from(`${key.public_half}${key.private_half}:`).toString('base64');
  const presented = { authorization: `Basic ${basic}`, session_cookie: undefined };
  assert.notEqual(
    await authenticate({ db: database.db, clock: ctx.clock, settings: deps.settings, facts: noFacts }, presented),
    'invalid',
  );
  await activateUser(ctx, unthrottled(), await linkFor(squatted), { new_password }, 'token');
  assert.equal(
    await authenticate({ db: database.db, clock: ctx.clock, settings: deps.settings, facts: noFacts }, presented),
    'invalid',
  );
});
