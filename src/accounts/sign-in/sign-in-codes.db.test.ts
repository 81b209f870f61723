import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { Problem } from '#kernel/problem';
import type { Context } from '#platform/context';
import { seal } from '#platform/security/crypto';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  eventsNamed,
  makeUser,
  sampleAccountsDeps,
  sampleAccountsSettings,
  testPassword,
} from '../../../test/support/factories/accounts.ts';
import { upsertTotp, updateTotp } from '../credentials/totp-store.ts';
import { generateTotpSecret } from '../credentials/totp.ts';
import { totpBinding } from '../factors/check-factors.ts';
import { updateUserRow } from '../identity/user-store.ts';
import type { User } from '../identity/user.ts';
import { sendCode } from '../verifications/send-verification.ts';
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

async function addTotp(user: User): Promise<{ code: (at?: Date) => string }> {
  const secret = generateTotpSecret();
  await inTransaction(database.db, async (tx) => {
    await upsertTotp(tx, user.id, seal(secret, deps.settings.seal_key, totpBinding(user)), ctx.clock.now());
    await updateTotp(tx, user.id, { confirmed_at: ctx.clock.now() });
  });
  const totp = new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: 30 });
  return { code: (at = ctx.clock.now()) => totp.generate({ timestamp: at.getTime() }) };
}

test('with a TOTP factor a code is required, and signs the user in once', async () => {
  const user = await makeUser(database.db);
  const totp = await addTotp(user);
  const input = { username: user.username, password: testPassword };

  const step = await refusal(input);
  assert.deepEqual(
    [step.code, step.status, Object.keys(step.fields ?? {})],
    ['sign_in_step_required', 401, ['otp_code']],
  );

  const otp_code = totp.code();
  await signIn(ctx, deps, { ...input, otp_code }, 'token');
  const replayed = await refusal({ ...input, otp_code });
  assert.deepEqual([replayed.code, replayed.status], ['code_wrong', 400]);
  assert.deepEqual(Object.keys(replayed.fields ?? {}), ['otp_code']);
});

test('a code with a leading zero is accepted as a number', async () => {
  const user = await makeUser(database.db);
  const totp = await addTotp(user);
  const moved = await testContext(database.db, { now: ctx.clock.now() });
  while (!totp.code(moved.clock.now()).startsWith('0')) {
    moved.clock.set(new Date(moved.clock.now().getTime() + 30_000));
  }
  const otp_code = Number(totp.code(moved.clock.now()));
  await signIn(moved, deps, { username: user.username, password: testPassword, otp_code }, 'token');
});

test('a code of the step before or after is accepted, an older one is refused', async () => {
  const input = (user: User) => ({ username: user.username, password: testPassword });
  const at = (seconds: number) => new Date(ctx.clock.now().getTime() + seconds * 1000);
  for (const [seconds, accepted] of [
    [-30, true],
    [30, true],
    [-90, false],
  ] as const) {
    const user = await makeUser(database.db);
    const totp = await addTotp(user);
    const attempt = { ...input(user), otp_code: totp.code(at(seconds)) };
    if (accepted) await signIn(ctx, deps, attempt, 'token');
    else assert.equal((await refusal(attempt)).code, 'code_wrong');
  }
});

test('three wrong codes lock the TOTP factor for five minutes; a correct code is refused too', async () => {
  const user = await makeUser(database.db);
  const totp = await addTotp(user);
  const moved = await testContext(database.db, { now: ctx.clock.now() });
  const right = () => totp.code(moved.clock.now());
  const wrong = () => String((Number(right()) + 500_000) % 1_000_000);
  const attempt = (otp_code: string) => ({ username: user.username, password: testPassword, otp_code });
  const statuses = [];
  for (const code of [wrong(), wrong(), wrong(), right()]) {
    statuses.push((await refusal(attempt(code), { clock: moved.clock })).status);
  }
  assert.deepEqual(statuses, [400, 400, 403, 403]);

  moved.clock.set(new Date(moved.clock.now().getTime() + 5 * 60_000));
  await signIn(moved, deps, attempt(right()), 'token');
});

test('concurrent wrong codes are all counted', async () => {
  const user = await makeUser(database.db);
  const totp = await addTotp(user);
  const wrong = String((Number(totp.code()) + 500_000) % 1_000_000);
  const attempts = Array.from({ length: 6 }, () =>
    refusal({ username: user.username, password: testPassword, otp_code: wrong }),
  );
  const statuses = (await Promise.all(attempts)).map(({ status }) => status).sort((a, b) => a - b);
  assert.deepEqual(statuses, [400, 400, 403, 403, 403, 403]);
});

test('of two concurrent requests with one code, one signs in', async () => {
  const user = await makeUser(database.db);
  const totp = await addTotp(user);
  const input = { username: user.username, password: testPassword, otp_code: totp.code() };
  const outcomes = await Promise.allSettled([signIn(ctx, deps, input, 'token'), signIn(ctx, deps, input, 'token')]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('a required code by e-mail is sent, and signs the user in together with the password', async () => {
  const user = await makeUser(database.db);
  await inTransaction(database.db, (tx) => updateUserRow(tx, user.id, { email_verification_required: true }));
  const input = { username: user.username, password: testPassword };

  const step = await refusal(input);
  assert.deepEqual([step.status, Object.keys(step.fields ?? {})], [401, ['email']]);
  const sent = (await eventsNamed(database.db, 'user_verification')).find((event) => event['address'] === user.email);
  assert.match(String(sent?.['code']), /^[0-9]{6}$/);
  assert.equal(sent?.['key'], null);

  assert.equal((await refusal({ ...input, email_code: '000000' })).code, 'code_wrong');
  await signIn(ctx, deps, { ...input, email_code: Number(sent?.['code']) }, 'token');
});

test('a code by e-mail signs a user in without a password, once', async () => {
  const user = await makeUser(database.db, { password: null });
  await inTransaction(database.db, (tx) => updateUserRow(tx, user.id, { email_verification_required: true }));
  await sendCode(ctx, deps.settings, user, 'email', 'recover');
  const sent = (await eventsNamed(database.db, 'user_verification')).find((event) => event['address'] === user.email);
  const input = { username: user.email ?? '', email_code: String(sent?.['code']) };
  await signIn(ctx, deps, input, 'token');
  assert.equal((await refusal(input)).code, 'code_wrong');
});

test('a code by e-mail is invalid after five wrong attempts and after ten minutes', async () => {
  const fresh = { ...deps, settings: sampleAccountsSettings() };
  for (const spoil of ['tries', 'time'] as const) {
    const user = await makeUser(database.db);
    const moved = await testContext(database.db, { now: ctx.clock.now() });
    await sendCode(moved, fresh.settings, user, 'email', 'recover');
    const sent = (await eventsNamed(database.db, 'user_verification')).find((event) => event['address'] === user.email);
    const right = String(sent?.['code']);
    const wrong = String((Number(right) + 1) % 1_000_000);
    if (spoil === 'time') moved.clock.set(new Date(moved.clock.now().getTime() + 600_000));
    else {
      for (let count = 0; count < 5; count += 1) {
        await refusal({ username: user.username, email_code: wrong }, { clock: moved.clock }, fresh);
      }
    }
    const late = await refusal({ username: user.username, email_code: right }, { clock: moved.clock }, fresh);
    assert.equal(late.code, 'code_wrong', spoil);
  }
});

test('a code of a second factor is not sent before the password, and does not replace it', async () => {
  const user = await makeUser(database.db, { phone: '+14155550144', phone_verified_at: ctx.clock.now() });
  await inTransaction(database.db, (tx) =>
    updateUserRow(tx, user.id, { email_verification_required: true, phone_verification_required: true }),
  );
  const sent = async () =>
    (await eventsNamed(database.db, 'user_verification')).filter((event) => event['user_id'] === user.id);
  for (const codes of [{ email_code: 123456 }, { phone_code: 123456 }, { email_code: 123456, phone_code: 123456 }]) {
    const known = await refusal({ username: user.username, ...codes });
    const unknown = await refusal({ username: 'unknown-name', ...codes });
    assert.deepEqual([known.code, known.status, known.fields], [unknown.code, unknown.status, unknown.fields]);
    assert.equal(known.code, 'code_wrong');
  }
  assert.deepEqual(await sent(), []);

  const input = { username: user.username, password: testPassword };
  assert.deepEqual(Object.keys((await refusal(input)).fields ?? {}), ['email']);
  const email_code = String((await sent()).at(-1)?.['code']);
  assert.equal((await refusal({ username: user.username, email_code })).code, 'code_wrong');
  assert.deepEqual(Object.keys((await refusal({ ...input, email_code })).fields ?? {}), ['phone']);
  const phone_code = String((await sent()).at(-1)?.['code']);
  await signIn(ctx, deps, { ...input, email_code, phone_code }, 'token');
});

test('a recovery code does not replace the password if its channel is a second factor', async () => {
  const user = await makeUser(database.db);
  await inTransaction(database.db, (tx) => updateUserRow(tx, user.id, { email_verification_required: true }));
  await sendCode(ctx, deps.settings, user, 'email', 'recover');
  const sent = (await eventsNamed(database.db, 'user_verification')).find((event) => event['address'] === user.email);
  const email_code = String(sent?.['code']);
  assert.equal((await refusal({ username: user.username, email_code })).code, 'code_wrong');
  await signIn(ctx, deps, { username: user.username, password: testPassword, email_code }, 'token');
});

test('a repeated TOTP code is refused but not counted, also in concurrent requests', async () => {
  const user = await makeUser(database.db);
  const totp = await addTotp(user);
  const input = { username: user.username, password: testPassword, otp_code: totp.code() };
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => signIn(ctx, deps, input, 'token')));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  for (let count = 0; count < 4; count += 1) {
    const repeated = await refusal(input);
    assert.deepEqual([repeated.code, repeated.status], ['code_wrong', 400]);
    assert.match(String(repeated.fields?.['otp_code']), /already used/);
  }
  const later = new Date(ctx.clock.now().getTime() + 30_000);
  const moved = { ...ctx, clock: { now: () => later } };
  await signIn(moved, deps, { ...input, otp_code: totp.code(later) }, 'token');
});

test('a code with blanks is accepted', async () => {
  const user = await makeUser(database.db);
  const totp = await addTotp(user);
  const code = totp.code();
  const otp_code = ` ${code.slice(0, 3)}\u00a0${code.slice(3)} `;
  await signIn(ctx, deps, { username: user.username, password: testPassword, otp_code }, 'token');
});

test('a TOTP secret is encrypted, and cannot be decrypted in the row of another user', async () => {
  const user = await makeUser(database.db);
  await addTotp(user);
  const { secret_sealed } = await database.db
    .selectFrom('totp_factors')
    .select('secret_sealed')
    .where('user_id', '=', user.id)
    .executeTakeFirstOrThrow();
  assert.match(secret_sealed, /^v1\./);
  const thief = await makeUser(database.db);
  await inTransaction(database.db, async (tx) => {
    await upsertTotp(tx, thief.id, secret_sealed, ctx.clock.now());
    await updateTotp(tx, thief.id, { confirmed_at: ctx.clock.now() });
  });
  const input = { username: thief.username, password: testPassword, otp_code: '123456' };
  await assert.rejects(signIn(ctx, deps, input, 'token'), /./);
});
