import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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
import { changePassword } from '../security-settings/change-password.ts';
import { accountsJobs } from '../jobs.ts';
import { signIn } from '../sign-in/sign-in.ts';
import { findUserById } from '../identity/user-store.ts';
import type { User } from '../identity/user.ts';
import { activateUser, findUsableLink } from './activate-user.ts';
import { resendActivationLink, sendLeadActivationLink } from '../verifications/send-activation-link.ts';
import { prepareVerification } from '../verifications/prepare-verification.ts';
import { recoverAccess } from './recover-access.ts';
import { resetPassword } from './reset-password.ts';
import { voidVerificationsOf } from '../verifications/verification-store.ts';

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

test('a recovery sends one message to a known address and none to an unknown one, with the same result', async () => {
  const user = await makeUser(database.db);
  const { settings } = unthrottled();
  assert.equal(await recoverAccess(ctx, settings, user.email?.toUpperCase() ?? '', 'link'), undefined);
  assert.equal(await recoverAccess(ctx, settings, 'stranger@example.org', 'link'), undefined);
  const [mail, ...more] = await mailsTo(user.email ?? '');
  assert.match(String(mail?.['key']), /^[0-9a-f]{40}$/);
  assert.equal(mail?.['purpose'], 'recover');
  assert.equal(more.length, 0);
  assert.deepEqual(await mailsTo('stranger@example.org'), []);
});

test('a recovery accepts only e-mail addresses and phone numbers', async () => {
  const user = await makeUser(database.db, { phone: '+14155550188', phone_verified_at: ctx.clock.now() });
  const { settings } = unthrottled();
  for (const text of ['', 'not an address', 'a@b', user.username]) {
    const { code, fields } = await problemOf(recoverAccess(ctx, settings, text, 'link'));
    assert.equal(code, 'invalid_input');
    assert.deepEqual(Object.keys(fields ?? {}), ['email']);
  }
  await recoverAccess(ctx, settings, '(415) 555-0188', 'link');
  assert.equal((await mailsTo('+14155550188')).length, 1);
});

test('a recovery of one address is limited to three per hour, for known and unknown addresses', async () => {
  const user = await makeUser(database.db);
  const { settings } = unthrottled();
  for (const address of [user.email ?? '', 'stranger@example.net']) {
    const statuses = [];
    for (let count = 0; count < 4; count += 1) {
      statuses.push((await problemOf(recoverAccess(ctx, settings, address, 'link'))).status);
    }
    assert.deepEqual(statuses, [200, 200, 200, 429]);
  }
});

test('while sign-in is disabled no link is sent or accepted', async () => {
  const closed = { ...ctx, site: { ...ctx.site, authentication: 'disabled' as const } };
  const user = await makeUser(database.db);
  const key = await linkFor(user);
  assert.equal((await problemOf(recoverAccess(closed, deps.settings, user.email ?? '', 'link'))).status, 403);
  const activation = activateUser(closed, unthrottled(), key, { new_password }, 'token');
  assert.equal((await problemOf(activation)).code, 'authentication_disabled');
});

test('a recovery can send a code instead of a link', async () => {
  const user = await makeUser(database.db);
  await recoverAccess(ctx, unthrottled().settings, user.email ?? '', 'code');
  const [mail] = await mailsTo(user.email ?? '');
  assert.equal(mail?.['key'], null);
  assert.match(String(mail?.['code']), /^[0-9]{6}$/);
});

test('the key of a link is stored as a hash', async () => {
  const user = await makeUser(database.db);
  const key = await linkFor(user);
  const rows = await database.db.selectFrom('verifications').selectAll().where('user_id', '=', user.id).execute();
  assert.equal(rows.length, 1);
  assert.doesNotMatch(JSON.stringify(rows), new RegExp(key));
});

test('keys submitted from one network are limited to 60', async () => {
  const { settings } = unthrottled();
  const statuses = [];
  for (let count = 0; count < 61; count += 1) {
    statuses.push((await problemOf(findUsableLink(ctx, settings, '0'.repeat(40)))).status);
  }
  assert.equal(statuses[59], 200);
  assert.equal(statuses[60], 429);
});

test('a reset without a password removes the password, opens no session and sends a new link', async () => {
  const user = await makeUser(database.db);
  const key = await linkFor(user);
  assert.equal(await resetPassword(ctx, unthrottled(), key, {}), undefined);
  assert.equal((await findUserById(database.db, user.id))?.has_password, false);
  assert.equal(
    (await problemOf(signIn(ctx, deps, { username: user.username, password: testPassword }, 'token'))).status,
    400,
  );
  const fresh = (await mailsTo(user.email ?? '')).at(-1);
  assert.equal(fresh?.['purpose'], 'activate');
  assert.notEqual(fresh?.['key'], key);
  const again = await problemOf(resetPassword(ctx, unthrottled(), key, {}));
  assert.deepEqual([again.code, again.status], ['verification_unknown', 404]);
  await activateUser(ctx, unthrottled(), String(fresh?.['key']), { new_password }, 'token');
});

test('a reset with a password sets it', async () => {
  const user = await makeUser(database.db);
  const key = await linkFor(user);
  assert.equal(
    (await problemOf(resetPassword(ctx, unthrottled(), key, { new_password: 'short' }))).code,
    'invalid_input',
  );
  await resetPassword(ctx, unthrottled(), key, { new_password });
  await signIn(ctx, deps, { username: user.username, password: new_password }, 'token');
});

test('the activation link of a user without password is sent again once in ten minutes', async () => {
  const { settings } = unthrottled();
  const whole = await makeUser(database.db);
  assert.equal((await problemOf(resendActivationLink(callAs(ctx, whole), settings, whole))).code, 'already_active');
  const bare = await makeUser(database.db, { password: null });
  await resendActivationLink(ctx, settings, bare);
  assert.equal((await mailsTo(bare.email ?? '')).length, 1);
  assert.equal((await problemOf(resendActivationLink(ctx, settings, bare))).status, 429);
  assert.equal(
    (await problemOf(sendLeadActivationLink(ctx, settings, { email: null, phone: null }))).code,
    'no_address',
  );
  await sendLeadActivationLink(ctx, settings, { email: 'lead@example.org', phone: null });
  assert.equal((await mailsTo('lead@example.org'))[0]?.['user_id'], null);
});

test('links and sessions are deleted 30 days after their end', async () => {
  const user = await makeUser(database.db);
  await linkFor(user);
  await signIn(ctx, deps, { username: user.username, password: testPassword }, 'token');
  const count = async () => {
    const [links, sessions] = await Promise.all([
      database.db.selectFrom('verifications').select('id').where('user_id', '=', user.id).execute(),
      database.db.selectFrom('sessions').select('id').where('user_id', '=', user.id).execute(),
    ]);
    return [links.length, sessions.length];
  };
  const [forget] = accountsJobs;
  assert.ok(forget);
  await forget.run(ctx, {}, new Date(ctx.clock.now().getTime() + 20 * 86_400_000));
  assert.deepEqual(await count(), [1, 1]);
  await forget.run(ctx, {}, new Date(ctx.clock.now().getTime() + 60 * 86_400_000));
  assert.deepEqual(await count(), [0, 0]);
});

test('a link sent before the user existed is voided when the verified user sets a password', async () => {
  const address = 'lead-of-old@example.org';
  const key = (await leadLink(address)) ?? '';
  const user = await makeUser(database.db, { email: address, email_verified_at: null });
  assert.ok(await findUsableLink(ctx, unthrottled().settings, key));
  await database.db
    .updateTable('users')
    .set({ email_verified_at: ctx.clock.now() })
    .where('id', '=', user.id)
    .execute();
  await changePassword(callAs(ctx, user), unthrottled().settings, { password: testPassword, new_password });
  assert.equal(await findUsableLink(ctx, unthrottled().settings, key), null);
});

test('a user who has not verified the address does not void the link sent to it', async () => {
  const address = 'lead-squatted@example.org';
  const key = (await leadLink(address)) ?? '';
  const user = await makeUser(database.db, { email: address, email_verified_at: null });
  await inTransaction(database.db, (tx) => voidVerificationsOf(tx, user.id, ctx.clock.now()));
  assert.ok(await findUsableLink(ctx, unthrottled().settings, key));
});
