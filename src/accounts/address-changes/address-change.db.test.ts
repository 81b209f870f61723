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
import { setFactors } from '../security-settings/set-factors.ts';
import { openSession } from '../sessions/open-session.ts';
import { signIn } from '../sign-in/sign-in.ts';
import { findUsableLink } from '../recovery/activate-user.ts';
import { recoverAccess } from '../recovery/recover-access.ts';
import { resetPassword } from '../recovery/reset-password.ts';
import { findStoppableChange, stopAddressChange } from './stop-address-change.ts';
import { findUserById, updateUserRow } from '../identity/user-store.ts';
import type { User } from '../identity/user.ts';
import { updateUser } from '../users/update-user.ts';

const day_ms = 86_400_000;
const deps = sampleAccountsDeps();
const { settings } = deps;
const unthrottled = { ...settings, throttle: makeThrottle(() => performance.now(), 1000) };
let database: TestDatabase;
let ctx: TestContext;

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const now = () => ctx.clock.now();
const days = (count: number) => new Date(now().getTime() + count * day_ms);

async function sentTo(address: string, field: 'code' | 'key'): Promise<string> {
  const sent = (await eventsNamed(database.db, 'user_verification')).filter((event) => event['address'] === address);
  return String(sent.findLast((event) => event[field] !== null)?.[field]);
}
const codeSentTo = (address: string) => sentTo(address, 'code');
const keySentTo = (address: string) => sentTo(address, 'key');

/** Opens a session for a user and returns its context. */
async function sessionOf(user: User) {
  const opened = await inTransaction(database.db, (tx) =>
    openSession(tx, settings, { user, kind: 'token', peer: null }, now()),
  );
  return callAs(ctx, user, 'token', opened.session_id);
}

test('a change of address keeps an unverified address until the new one is verified', async () => {
  const user = await makeUser(database.db, { email_verified_at: null });
  const session = await sessionOf(user);
  const change = (input: object) => updateUser(session, deps, user, { email: 'New-One@Example.com', ...input });
  const asked = await change({ password: testPassword });
  assert.deepEqual([asked.user.email, asked.awaiting], [user.email, ['new-one@example.com']]);
  await makeUser(database.db, { email: 'elsewhere@example.com' });
  const { user: changed } = await change({ email_code: await codeSentTo('new-one@example.com') });
  assert.deepEqual([changed.email, changed.email_verified_at], ['new-one@example.com', now()]);
});

test('a requested change of address voids every key and code; the old address can request new ones', async () => {
  const user = await makeUser(database.db);
  const address = user.email ?? '';
  await recoverAccess(ctx, unthrottled, address, 'link');
  const former = await keySentTo(address);
  await recoverAccess(ctx, unthrottled, address, 'code');
  const email_code = await codeSentTo(address);
  const session = await sessionOf(user);
  await updateUser(session, deps, user, { email: 'voider@example.org', password: testPassword });
  assert.equal(await findUsableLink(ctx, unthrottled, former), null);
  const by_code = signIn(ctx, deps, { username: address, email_code }, 'token');
  assert.equal((await problemOf(by_code)).code, 'code_wrong');

  await recoverAccess(ctx, unthrottled, address, 'link');
  assert.equal((await findUsableLink(ctx, unthrottled, await keySentTo(address)))?.user?.id, user.id);
});

test('a link sent to the former address is invalid after the change', async () => {
  const user = await makeUser(database.db);
  const session = await sessionOf(user);
  const email = 'bound@example.org';
  await updateUser(session, deps, user, { email, password: testPassword });
  const email_code = await codeSentTo(email);
  await recoverAccess(ctx, unthrottled, user.email ?? '', 'link');
  const former = await keySentTo(user.email ?? '');
  await inTransaction(database.db, (tx) => updateUserRow(tx, user.id, { email: 'moved@example.org' }));
  assert.equal(await findUsableLink(ctx, unthrottled, former), null);
  assert.equal(
    (await problemOf(resetPassword(ctx, deps, former, { new_password: 'a brand new sentence' }))).status,
    404,
  );
  assert.equal((await updateUser(session, deps, user, { email, email_code })).user.email, email);
});

test('a code proves an address only for the user that it was sent for', async () => {
  const [user, other] = [await makeUser(database.db), await makeUser(database.db)];
  const email = 'shared@example.org';
  await updateUser(await sessionOf(user), deps, user, { email, password: testPassword });
  const email_code = await codeSentTo(email);
  const theft = updateUser(await sessionOf(other), deps, other, { email, email_code });
  assert.equal((await problemOf(theft)).code, 'code_wrong');
});

test('a change of password or factor voids earlier links', async () => {
  for (const change of ['password', 'factor'] as const) {
    const user = await makeUser(database.db);
    const session = await sessionOf(user);
    await recoverAccess(ctx, unthrottled, user.email ?? '', 'link');
    const former = await keySentTo(user.email ?? '');
    const secrets = { password: testPassword };
    if (change === 'password') {
      await changePassword(session, settings, { ...secrets, new_password: 'a brand new sentence' });
    } else {
      const flags = { otp_enabled: false, email_verification_enabled: true, phone_verification_enabled: false };
      await setFactors(session, settings, { ...secrets, ...flags });
    }
    assert.equal(await findUsableLink(ctx, unthrottled, former), null, change);
  }
});

test('the former address can stop a change, and undo it within three days', async () => {
  for (const stage of ['requested', 'made', 'late'] as const) {
    const user = await makeUser(database.db);
    const thief = await sessionOf(user);
    const email = `thief-${user.id}@example.org`;
    await updateUser(thief, deps, user, { email, password: testPassword });
    const email_code = await codeSentTo(email);
    if (stage !== 'requested') await updateUser(thief, deps, user, { email, email_code });
    const notice = (await eventsNamed(database.db, 'user_email_changed')).findLast(
      (event) => event['user_id'] === user.id,
    );
    const key = String(notice?.['stop_key']);
    const at = stage === 'late' ? { ...ctx, clock: { now: () => days(3) } } : ctx;
    if (stage === 'late') {
      assert.equal((await problemOf(stopAddressChange(at, deps, key))).code, 'verification_unknown');
      continue;
    }
    assert.equal((await findStoppableChange(at, settings, key))?.is_made, stage === 'made');
    await stopAddressChange(at, deps, key);
    const owner = await findUserById(database.db, user.id);
    assert.deepEqual([owner?.email, owner?.has_password], [user.email, false], stage);
    const again = updateUser(thief, deps, user, { email, email_code });
    assert.equal((await problemOf(again)).code, 'credentials_invalid');
    assert.equal((await problemOf(stopAddressChange(at, deps, key))).code, 'verification_unknown');
    assert.equal((await findUsableLink(ctx, unthrottled, await keySentTo(user.email ?? '')))?.user?.id, user.id);
  }
});

test('an unverified former address cannot undo a completed change', async () => {
  const user = await makeUser(database.db, { email_verified_at: null });
  const session = await sessionOf(user);
  const email = 'corrected@example.org';
  await updateUser(session, deps, user, { email, password: testPassword });
  const notices = async () =>
    (await eventsNamed(database.db, 'user_email_changed')).filter((event) => event['user_id'] === user.id);
  const key = String((await notices()).at(-1)?.['stop_key']);
  await updateUser(session, deps, user, { email, email_code: await codeSentTo(email) });
  assert.equal((await notices()).at(-1)?.['stop_key'], null);
  assert.equal((await problemOf(stopAddressChange(ctx, deps, key))).code, 'verification_unknown');
});

test('a user who registers with the former address without a proof does not block undoing the change', async () => {
  const user = await makeUser(database.db);
  const address = user.email ?? '';
  const thief = await sessionOf(user);
  const email = `thief-${user.id}@example.org`;
  await updateUser(thief, deps, user, { email, password: testPassword });
  await updateUser(thief, deps, user, { email, email_code: await codeSentTo(email) });
  const notices = await eventsNamed(database.db, 'user_email_changed');
  const key = String(notices.findLast((event) => event['user_id'] === user.id && event['stop_key'])?.['stop_key']);
  const claimant = await makeUser(database.db, { email: address, email_verified_at: null });
  await stopAddressChange(ctx, deps, key);
  assert.equal((await findUserById(database.db, user.id))?.email, address);
  assert.equal((await findUserById(database.db, claimant.id))?.email, null);
});

test('an unverified phone number of another user moves to the user who verifies it', async () => {
  const phone = '+14155550142';
  const claimant = await makeUser(database.db, { phone });
  const owner = await makeUser(database.db);
  const session = await sessionOf(owner);
  await updateUser(session, deps, owner, { phone, password: testPassword });
  assert.equal((await findUserById(database.db, claimant.id))?.phone, phone, 'a request does not prove the number');
  const { user } = await updateUser(session, deps, owner, { phone, phone_code: await codeSentTo(phone) });
  assert.deepEqual([user.phone, user.phone_verified_at], [phone, now()]);
  assert.equal((await findUserById(database.db, claimant.id))?.phone, null);
  const notices = await eventsNamed(database.db, 'user_credentials_changed');
  assert.ok(notices.some((event) => event['user_id'] === claimant.id && event['what'] === 'phone_removed'));
});

test('an unverified phone number of another user is free at registration, a verified one is not', async () => {
  const phone = '+14155550143';
  const claimant = await makeUser(database.db, { phone });
  assert.equal((await makeUser(database.db, { phone, phone_verified_at: now() })).phone, phone);
  assert.equal((await findUserById(database.db, claimant.id))?.phone, null);
  assert.deepEqual((await problemOf(makeUser(database.db, { phone }))).fields, {
    phone: ['This phone number is already in use.'],
  });
});
