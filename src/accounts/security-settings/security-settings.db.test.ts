import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { noFacts } from '#platform/facts/facts';
import { inTransaction } from '#platform/db/database';
import { makeThrottle } from '#platform/security/throttle';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  callAs,
  eventsNamed,
  makeUser,
  problemOf,
  sampleAccountsDeps,
  testPassword,
} from '../../../test/support/factories/accounts.ts';
import { listApiKeys } from '../credentials/api-key-store.ts';
import { createApiKey, removeApiKey } from '../api-keys/create-api-key.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { signIn } from '../sign-in/sign-in.ts';
import { findUserById, markAddressVerified, updateUserRow } from '../identity/user-store.ts';
import type { User } from '../identity/user.ts';
import { sendCode } from '../verifications/send-verification.ts';
import { changePassword, removePassword } from './change-password.ts';
import { requireSecrets } from '../factors/require-secrets.ts';
import { setFactors } from './set-factors.ts';
import { setSshKey } from './set-ssh-key.ts';

const deps = sampleAccountsDeps();
const { settings } = deps;
const new_password = 'a brand new sentence';
const flags = { otp_enabled: true, email_verification_enabled: false, phone_verification_enabled: false };
let database: TestDatabase;
let ctx: TestContext;

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const totpCodes = (priv_key: string) => {
  const totp = new TOTP({ secret: Secret.fromBase32(priv_key), algorithm: 'SHA1', digits: 6, period: 30 });
  return (at: Date) => totp.generate({ timestamp: at.getTime() });
};

async function enrollTotp(user: User): Promise<(at: Date) => string> {
  const first = await setFactors(callAs(ctx, user), settings, { ...flags, password: testPassword });
  assert.equal(first.kind, 'enrolling');
  const code = totpCodes(first.kind === 'enrolling' ? first.priv_key : '');
  const second = { ...flags, password: testPassword, otp_code: code(ctx.clock.now()) };
  assert.deepEqual(await setFactors(callAs(ctx, user), settings, second), { kind: 'enabled' });
  return code;
}

test('a user changes the password with the current one', async () => {
  const user = await makeUser(database.db);
  const change = (secrets: object) => changePassword(callAs(ctx, user), settings, { ...secrets, new_password });
  const none = await problemOf(change({}));
  assert.deepEqual([none.code, none.status, none.fields], ['secret_required', 401, null]);
  const wrong = await problemOf(change({ password: 'not this' }));
  assert.deepEqual([wrong.code, wrong.status, Object.keys(wrong.fields ?? {})], ['secret_wrong', 401, ['password']]);
  await change({ password: testPassword });
  await signIn(ctx, deps, { username: user.username, password: new_password }, 'token');
  assert.equal(
    (await problemOf(signIn(ctx, deps, { username: user.username, password: testPassword }, 'token'))).status,
    400,
  );
  const events = await eventsNamed(database.db, 'user_reset_password');
  assert.ok(events.some((event) => event['user_id'] === user.id && event['how'] === 'changed'));
});

test('a new password must meet the policy, which is checked before the secrets', async () => {
  const user = await makeUser(database.db, { username: 'longusername' });
  const change = (text: string) =>
    changePassword(callAs(ctx, user), settings, { password: testPassword, new_password: text });
  for (const bad of ['short', 'password', 'longusername', 'Sample Person', 'longusername@example.com']) {
    assert.deepEqual(Object.keys((await problemOf(change(bad))).fields ?? {}), ['new_password'], bad);
  }
});

test('a TOTP code is not accepted as a secret before the factor is confirmed', async () => {
  const user = await makeUser(database.db);
  const attempt = changePassword(callAs(ctx, user), settings, { otp_code: 123456, new_password });
  assert.equal((await problemOf(attempt)).code, 'secret_required');
  await setFactors(callAs(ctx, user), settings, { ...flags, password: testPassword });
  const unconfirmed = changePassword(callAs(ctx, user), settings, { otp_code: 123456, new_password });
  assert.equal((await problemOf(unconfirmed)).code, 'secret_required');
});

test('a code by e-mail is a secret, and can set a first password', async () => {
  const user = await makeUser(database.db, { password: null });
  await sendCode(ctx, settings, user, 'email', 'recover');
  const sent = (await eventsNamed(database.db, 'user_verification')).find((event) => event['address'] === user.email);
  const change = (email_code: string) => changePassword(callAs(ctx, user), settings, { email_code, new_password });
  const wrong = await problemOf(change(String((Number(sent?.['code']) + 1) % 1_000_000)));
  assert.deepEqual([wrong.code, Object.keys(wrong.fields ?? {})], ['secret_wrong', ['email_code']]);
  await change(String(sent?.['code']));
  assert.equal((await findUserById(database.db, user.id))?.has_password, true);
  assert.ok((await eventsNamed(database.db, 'user_activated')).some((event) => event['user_id'] === user.id));
});

test('every given secret must be right', async () => {
  const user = await makeUser(database.db);
  const both = requireSecrets(callAs(ctx, user), settings, { password: testPassword, email_code: 123456 });
  assert.deepEqual(Object.keys((await problemOf(both)).fields ?? {}), ['email_code']);
});

test('ten wrong passwords lock the check of secrets, for every session of the user', async () => {
  const user = await makeUser(database.db);
  const strict = { ...settings, throttle: makeThrottle(() => 0) };
  for (let count = 0; count < 12; count += 1)
    await requireSecrets(callAs(ctx, user), strict, { password: testPassword });
  for (let count = 0; count < 10; count += 1) {
    assert.equal((await problemOf(requireSecrets(callAs(ctx, user), strict, { password: 'bad' }))).status, 401);
  }
  assert.equal((await problemOf(requireSecrets(callAs(ctx, user), strict, { password: testPassword }))).status, 429);
});

test('a TOTP factor is required only after a first code confirmed it, and its key is shown once', async () => {
  const user = await makeUser(database.db);
  const set = (given: object) =>
    setFactors(callAs(ctx, user), settings, { ...flags, password: testPassword, ...given });
  const first = await set({});
  assert.ok(first.kind === 'enrolling');
  assert.match(first.priv_key, /^[A-Z2-7]{32}$/);
  assert.match(first.provisioning_uri, /^otpauth:\/\/totp\/Cowork:.*issuer=Cowork&secret=[A-Z2-7]{32}/);
  await signIn(ctx, deps, { username: user.username, password: testPassword }, 'token');

  const code = totpCodes(first.priv_key);
  const bad = await problemOf(set({ otp_code: String((Number(code(ctx.clock.now())) + 1) % 1_000_000) }));
  assert.deepEqual([bad.code, Object.keys(bad.fields ?? {})], ['code_wrong', ['otp_code']]);
  assert.deepEqual(await set({ otp_code: code(ctx.clock.now()) }), { kind: 'enabled' });
  assert.equal((await findUserById(database.db, user.id))?.otp_enabled, true);

  const later = new Date(ctx.clock.now().getTime() + 60_000);
  const again = { ...flags, password: testPassword, otp_code: code(later) };
  const moved = { ...callAs(ctx, user), clock: { now: () => later } };
  assert.deepEqual(await setFactors(moved, settings, again), { kind: 'enabled' });
});

test('with a TOTP factor a password alone is refused, also to remove the factor', async () => {
  const user = await makeUser(database.db);
  const code = await enrollTotp(user);
  const alone = await problemOf(changePassword(callAs(ctx, user), settings, { password: testPassword, new_password }));
  assert.deepEqual([alone.code, alone.status, Object.keys(alone.fields ?? {})], ['secret_required', 401, ['otp_code']]);
  const off = { ...flags, otp_enabled: false, password: testPassword };
  assert.equal((await problemOf(setFactors(callAs(ctx, user), settings, off))).code, 'secret_required');
  const later = new Date(ctx.clock.now().getTime() + 60_000);
  const moved = { ...callAs(ctx, user), clock: { now: () => later } };
  assert.deepEqual(await setFactors(moved, settings, { ...off, otp_code: code(later) }), { kind: 'disabled' });
  assert.equal((await findUserById(database.db, user.id))?.otp_enabled, false);
});

test('wrong codes in the check of secrets lock the TOTP factor', async () => {
  const user = await makeUser(database.db);
  const code = await enrollTotp(user);
  const wrong = String((Number(code(ctx.clock.now())) + 500_000) % 1_000_000);
  const attempt = () =>
    problemOf(requireSecrets(callAs(ctx, user), settings, { password: testPassword, otp_code: wrong }));
  assert.deepEqual(
    [(await attempt()).code, (await attempt()).code, (await attempt()).code],
    ['secret_wrong', 'secret_wrong', 'otp_locked'],
  );
  assert.equal((await attempt()).status, 403);
});

test('wrong codes from another network do not lock the user out', async () => {
  const user = await makeUser(database.db);
  const code = await enrollTotp(user);
  const from = (ip: string) => ({ ...callAs(ctx, user), peer: { ip, user_agent: '' } });
  const later = (minutes: number) => new Date(ctx.clock.now().getTime() + minutes * 60_000);
  const prove = (ip: string, at: Date) =>
    requireSecrets({ ...from(ip), clock: { now: () => at } }, settings, {
      password: testPassword,
      otp_code: code(at),
    });
  const guess = (ip: string) => {
    const otp_code = String((Number(code(ctx.clock.now())) + 500_000) % 1_000_000).padStart(6, '0');
    return problemOf(requireSecrets(from(ip), settings, { otp_code }));
  };
  await prove('203.0.113.1', later(1));
  for (let index = 0; index < 3; index += 1) await guess('198.51.100.7');
  assert.equal((await guess('198.51.100.7')).code, 'otp_locked');
  await prove('203.0.113.1', later(2));
  await prove('192.0.2.9', later(3));
  const rows = await database.db.selectFrom('totp_callers').select('network').where('user_id', '=', user.id).execute();
  assert.equal(rows.length, 3);
  assert.ok(
    rows.every((row) => /^[0-9a-f]{64}$/.test(row.network)),
    'no address is stored',
  );
});

test('a channel can become a second factor only after its address is verified', async () => {
  const user = await makeUser(database.db, { email_verified_at: null });
  const choice = { ...flags, otp_enabled: false, password: testPassword, email_verification_enabled: true };
  const refused = await problemOf(setFactors(callAs(ctx, user), settings, choice));
  assert.deepEqual(Object.keys(refused.fields ?? {}), ['email_verification_enabled']);
  const phone = { ...choice, email_verification_enabled: false, phone_verification_enabled: true };
  assert.deepEqual(Object.keys((await problemOf(setFactors(callAs(ctx, user), settings, phone))).fields ?? {}), [
    'phone_verification_enabled',
  ]);
  await inTransaction(database.db, (tx) => markAddressVerified(tx, user.id, 'email', ctx.clock.now()));
  assert.deepEqual(await setFactors(callAs(ctx, user), settings, choice), { kind: 'disabled' });
  assert.equal((await findUserById(database.db, user.id))?.email_verification_required, true);
});

test('an API key authenticates its user until it expires or is deleted', async () => {
  const user = await makeUser(database.db);
  const me = callAs(ctx, user);
  assert.equal((await problemOf(createApiKey(me, settings, {}))).code, 'secret_required');
  assert.equal((await problemOf(createApiKey(me, settings, { password: 'bad' }))).code, 'secret_wrong');
  const secret = await createApiKey(me, settings, { password: testPassword, title: 'production' });
  assert.match(secret, /^[a-hjkmnp-zA-HJ-NP-Z2-9]{64}$/);

  const ask = (text: string, at = ctx.clock.now()) =>
    authenticate(
      { db: database.db, clock: { now: () => at }, settings: settings, facts: noFacts },
      {
        authorization: `Basic ${Buffer.from(text).toString('base64')}`,
        session_cookie: undefined,
      },
    );
  const caller = { user_id: user.id, username: user.username, session_id: null, via: 'api-key' };
  assert.deepEqual(await ask(`${secret}:`), caller);
  assert.deepEqual(await ask(`${secret}:anything`), caller);
  const last = secret.endsWith('a') ? 'b' : 'a';
  assert.equal(await ask(`${secret.slice(0, -1)}${last}:`), 'invalid');
  assert.equal(await ask(`${secret.slice(0, 32)}:`), 'invalid');
  const year = new Date(ctx.clock.now().getTime() + 365 * 86_400_000);
  assert.deepEqual(await ask(`${secret}:`, new Date(year.getTime() - 1)), caller);
  assert.equal(await ask(`${secret}:`, year), 'invalid');
  assert.equal(
    await authenticate(
      { db: database.db, clock: ctx.clock, settings: settings, facts: noFacts },
      {
        authorization: `Bearer ${secret}`,
        session_cookie: undefined,
      },
    ),
    'invalid',
  );

  const rows = await database.db.selectFrom('api_keys').selectAll().where('user_id', '=', user.id).execute();
  assert.doesNotMatch(JSON.stringify(rows), new RegExp(secret.slice(32)));

  const other = await makeUser(database.db);
  const public_half = secret.slice(0, 32);
  const theft = removeApiKey(callAs(ctx, other), settings, public_half, { password: testPassword });
  assert.equal((await problemOf(theft)).status, 404);
  assert.equal((await problemOf(removeApiKey(me, settings, public_half, {}))).code, 'secret_required');
  await removeApiKey(me, settings, public_half, { password: testPassword });
  assert.equal(await ask(`${secret}:`), 'invalid');
});

test('API keys are listed by title, without secrets', async () => {
  const user = await makeUser(database.db);
  const me = callAs(ctx, user);
  for (const title of ['staging', 'production']) await createApiKey(me, settings, { password: testPassword, title });
  const url = new URL('http://cowork.test/api/users/x/api-keys');
  const list = { page: 1, page_size: 25, terms: [], fields: [], order: [], start_at: null, ends_at: null };
  const page = await listApiKeys(database.db, user.id, list, url);
  assert.deepEqual(
    page.results.map(({ title }) => title),
    ['production', 'staging'],
  );
  assert.deepEqual(Object.keys(page.results[0] ?? {}).sort(), [
    'api_pub_key',
    'created_at',
    'ends_at',
    'last_used_at',
    'title',
  ]);
});

test('an API key of a deactivated user is invalid', async () => {
  const user = await makeUser(database.db);
  const secret = await createApiKey(callAs(ctx, user), settings, { password: testPassword });
  await inTransaction(database.db, (tx) => updateUserRow(tx, user.id, { is_active: false }));
  const authorization = `Basic ${Buffer.from(`${secret}:`).toString('base64')}`;
  assert.equal(
    await authenticate(
      { db: database.db, clock: ctx.clock, settings: settings, facts: noFacts },
      { authorization, session_cookie: undefined },
    ),
    'invalid',
  );
});

test('a valid SSH key is stored, any other text is refused', async () => {
  const user = await makeUser(database.db);
  const pubkey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFdgdqMpZRE9dGXeaG6rkjBXuYvVGvLBwJMVE5c2bGYs check@example.com';
  const set = (key: string, secrets: object = { password: testPassword }) =>
    setSshKey(callAs(ctx, user), settings, { ...secrets, pubkey: key });
  for (const bad of [
    'ssh-ed25519 AAAA',
    'ssh-rsa AAAAB3N...',
    pubkey.replace('ssh-ed25519 ', 'ssh-rsa '),
    `${pubkey}\n${pubkey}`,
    'x',
  ]) {
    assert.deepEqual(Object.keys((await problemOf(set(bad))).fields ?? {}), ['pubkey'], bad);
  }
  assert.equal((await problemOf(set(pubkey, {}))).code, 'secret_required');
  await set(pubkey);
  await set(` ${pubkey} `);
  const rows = await database.db.selectFrom('ssh_keys').selectAll().where('user_id', '=', user.id).execute();
  assert.deepEqual(
    rows.map((row) => row.pubkey),
    [pubkey],
  );
});

test('a user can remove the password and then cannot sign in with it', async () => {
  const user = await makeUser(database.db);
  const remove = (secrets: object) => removePassword(callAs(ctx, user), settings, user, secrets);
  assert.equal((await problemOf(remove({}))).code, 'secret_required');
  await remove({ password: testPassword });
  assert.equal((await findUserById(database.db, user.id))?.has_password, false);
  assert.equal(
    (await problemOf(signIn(ctx, deps, { username: user.username, password: testPassword }, 'token'))).status,
    400,
  );
});
