import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { findUserByUsername, type User } from '#accounts';
import { saveCard } from '#payments';
import { findPersonalProfile, findProfileBySlug } from '#profiles';
import { apiClient, browserClient, registerUser } from '../support/client.ts';
import { testContext, type TestContext } from '../support/context.ts';
import { callAs, eventsNamed, makeUser, testPassword } from '../support/factories/accounts.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { next } from '../support/factories.ts';
import { tokenOf } from '../support/sign-in.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/**
 * Every way of verifying an address × every credential and object that a squatter may have set up on the account.
 * The squatter registers `<name>@example.com`; the owner of the mailbox then verifies it.
 */
let app: TestApp;
let ctx: TestContext;
let broker_token: string;
const squatter_password = 'the squatter chose this';
const owner_password = 'the owner chose this 1';

before(async () => {
  app = await startApp();
  ctx = await testContext(app.db, { now: app.clock.now() });
  const [operator, broker] = [await makeReadyUser(app.db), await findProfileBySlug(app.db, 'cowork')];
  assert.ok(broker);
  await makeMember(app.db, broker, operator, 'manager');
  broker_token = await tokenOf(app, operator);
});
after(() => app.close());

const api = (token: string | null = null) => apiClient(app, token);
const last = async (address: string, field: 'key' | 'code'): Promise<string> => {
  const sent = (await eventsNamed(app.db, 'user_verification')).filter(
    (event) => event['address'] === address && event[field] !== null,
  );
  return String(sent.at(-1)?.[field]);
};

interface Squatted {
  user: User;
  address: string;
  /** Token of the squatter's session; in the ways below that use it, the session of the person who verifies. */
  token: string;
}

/**
 * Ways in which an address becomes verified. `own_session`: the session that presents the code belongs to that person.
 */
interface Way {
  own_session?: boolean;
  go(squatted: Squatted): Promise<void>;
}

async function recover({ address }: Squatted, query = ''): Promise<void> {
  const response = await api()('POST', `/api/auth/recover${query}`, { email: address });
  assert.equal(response.status, 201, response.text);
}

const ok = (response: { status: number; text: string }, ...statuses: number[]) =>
  assert.ok(statuses.includes(response.status), `${response.status}: ${response.text.slice(0, 300)}`);

/** Changes the row of a user directly, for states that a squatter reached by other means. */
const change = async (user: User, row: Partial<Record<string, unknown>>) =>
  void (await app.db.updateTable('users').set(row).where('id', '=', user.id).execute());

/** Runs an action of the squatter that needs a code of the squatter's TOTP factor. */
async function withoutTotp(user: User, work: () => Promise<void>): Promise<void> {
  const confirm = (at: Date | null) =>
    app.db.updateTable('totp_factors').set({ confirmed_at: at }).where('user_id', '=', user.id).execute();
  await confirm(null);
  await work();
  await confirm(app.clock.now());
}

const ways: Record<string, Way> = {
  'activation by link over the API': {
    async go(squatted) {
      await recover(squatted);
      const path = `/api/auth/activate/${await last(squatted.address, 'key')}`;
      ok(await api()('POST', path, { new_password: owner_password }), 201);
    },
  },
  'activation by link on the page': {
    async go(squatted) {
      await recover(squatted);
      const path = `/login/${await last(squatted.address, 'key')}/`;
      const browser = browserClient(app);
      await browser.get(path);
      ok(await browser.post(path, { new_password: owner_password, new_password2: owner_password }), 303);
    },
  },
  'reset with a new password': {
    async go(squatted) {
      await recover(squatted);
      const path = `/api/auth/reset/${await last(squatted.address, 'key')}`;
      ok(await api()('POST', path, { new_password: owner_password }), 201);
    },
  },
  'reset without a new password': {
    async go(squatted) {
      await recover(squatted);
      ok(await api()('POST', `/api/auth/reset/${await last(squatted.address, 'key')}`), 201);
    },
  },
  'one-time code at sign-in': {
    async go(squatted) {
      await recover(squatted, '?noreset=1');
      const email_code = await last(squatted.address, 'code');
      ok(await api()('POST', '/api/auth', { username: squatted.address, email_code }), 201);
    },
  },
  'link of an invitation': {
    async go({ user, address }) {
      await change(user, { password_hash: null });
      ok(await api(broker_token)('POST', '/api/profile/cowork/roles/contributor', { email: address }), 201);
      const granted = (await eventsNamed(app.db, 'role_grant_created')).at(-1);
      const path = `/api/auth/activate/${String(granted?.['key'])}`;
      ok(await api()('POST', path, { new_password: owner_password }), 201);
    },
  },
  'link that stops a change of address': {
    async go({ user, address, token }) {
      const wanted = { email: `${user.username}@elsewhere.example`, password: squatter_password };
      await withoutTotp(user, async () => ok(await api(token)('PATCH', `/api/users/${user.username}`, wanted), 200));
      const notice = (await eventsNamed(app.db, 'user_email_changed')).findLast((event) => event['from'] === address);
      const path = `/users/stop/${String(notice?.['stop_key'])}/`;
      const browser = browserClient(app);
      ok(await browser.get(path), 200);
      ok(await browser.post(path, {}), 303);
    },
  },
  'code presented in a session': {
    own_session: true,
    async go(squatted) {
      await recover(squatted, '?noreset=1');
      const email_code = await last(squatted.address, 'code');
      ok(await api(squatted.token)('PATCH', `/api/users/${squatted.user.username}`, { email_code }), 200);
    },
  },
  'confirmation of a change in a session': {
    own_session: true,
    async go({ user, token }) {
      const path = `/api/users/${user.username}`;
      const email = `${user.username}@new.example`;
      await withoutTotp(user, async () =>
        ok(await api(token)('PATCH', path, { email, password: squatter_password }), 200),
      );
      ok(await api(token)('PATCH', path, { email, email_code: await last(email, 'code') }), 200);
    },
  },
};

/** An object that the squatter sets up on the account, and a check whether it still exists. */
interface Planted {
  survives(squatted: Squatted): Promise<boolean>;
}

type Plant = (squatted: Squatted) => Promise<Planted>;

const rows = async (table: 'ssh_keys' | 'totp_factors' | 'cart_items', { user }: Squatted) =>
  (await app.db.selectFrom(table).select('user_id').where('user_id', '=', user.id).execute()).length > 0;

const phoneOf = ({ id }: User) => `+1415555${String(id).padStart(4, '0')}`;

/** Sets a TOTP factor up over the API; returns its codes. */
async function enableTotp(username: string, token: string): Promise<(offset_s: number) => string> {
  const path = `/api/users/${username}/otp`;
  const flags = { otp_enabled: true, email_verification_enabled: false, phone_verification_enabled: false };
  const body = { ...flags, password: squatter_password };
  const first = await api(token)('PUT', path, body);
  const totp = new TOTP({ secret: Secret.fromBase32(String(first.json()['priv_key'])) });
  const code = (offset_s: number) => totp.generate({ timestamp: app.clock.now().getTime() + offset_s * 1000 });
  ok(await api(token)('PUT', path, { ...body, otp_code: code(0) }), 200);
  return code;
}

async function plantRole({ user }: Squatted, pending: boolean): Promise<Planted> {
  const [profile, accomplice] = [await findPersonalProfile(app.db, user.id), await makeUser(app.db)];
  assert.ok(profile);
  await makeMember(app.db, profile, accomplice, 'manager');
  const role = app.db.selectFrom('roles').select('id').where('user_id', '=', accomplice.id);
  if (pending) {
    const grant_key = String(accomplice.id).padStart(40, '0');
    await app.db
      .updateTable('roles')
      .set({ grant_key, accepted_at: null })
      .where('user_id', '=', accomplice.id)
      .execute();
  }
  return { survives: async () => (await role.execute()).length > 0 };
}

const plants: Record<string, Plant> = {
  password: async () => ({
    survives: async ({ user }) =>
      (await api()('POST', '/api/auth', { username: user.username, password: squatter_password })).status !== 400,
  }),
  session: async ({ token }) => ({
    survives: async ({ user }) => (await api(token)('GET', `/api/users/${user.username}`)).status !== 401,
  }),
  'other session': async ({ user }) => {
    const other = await api()('POST', '/api/auth', { username: user.username, password: squatter_password });
    const token = String(other.json()['token']);
    return { survives: async () => (await api(token)('GET', `/api/users/${user.username}`)).status !== 401 };
  },
  'API key': async ({ user, token }) => {
    const path = `/api/users/${user.username}`;
    const made = await api(token)('POST', `${path}/api-keys`, { password: squatter_password });
    const authorization = `Basic ${Buffer.from(`${String(made.json()['secret'])}:`).toString('base64')}`;
    const call = () => api()('GET', path, undefined, { authorization });
    assert.equal((await call()).status, 200);
    return { survives: async () => (await call()).status !== 401 };
  },
  'SSH key': async (squatted) => {
    const row = { user_id: squatted.user.id, pubkey: 'ssh-ed25519 AAAA', updated_at: ctx.clock.now() };
    await app.db.insertInto('ssh_keys').values(row).execute();
    return { survives: (owned) => rows('ssh_keys', owned) };
  },
  'TOTP factor': async ({ user, token }) => {
    await enableTotp(user.username, token);
    return { survives: (owned) => rows('totp_factors', owned) };
  },
  'second factors': async ({ user }) => {
    const phone = phoneOf(user);
    await change(user, { phone, phone_verified_at: app.clock.now(), phone_verification_required: true });
    return {
      survives: async () => (await findUserByUsername(app.db, user.username))?.phone_verification_required !== false,
    };
  },
  'verified phone': async ({ user }) => {
    const phone = phoneOf(user);
    await change(user, { phone, phone_verified_at: app.clock.now() });
    return {
      async survives() {
        ok(await api()('POST', '/api/auth/recover', { email: phone }), 201);
        return (await eventsNamed(app.db, 'user_verification')).some((event) => event['address'] === phone);
      },
    };
  },
  'role of an accomplice': (squatted) => plantRole(squatted, false),
  'invitation of an accomplice': (squatted) => plantRole(squatted, true),
  'removal of the owner from the personal profile': async ({ user }) => {
    const profile = await findPersonalProfile(app.db, user.id);
    assert.ok(profile);
    await app.db.deleteFrom('roles').where('profile_id', '=', profile.id).execute();
    await makeMember(app.db, profile, await makeUser(app.db), 'manager');
    const own = app.db
      .selectFrom('roles')
      .select('id')
      .where('profile_id', '=', profile.id)
      .where('user_id', '=', user.id);
    return { survives: async () => (await own.execute()).length === 0 };
  },
  'role of an accomplice on an organization of the account': async (squatted) => {
    const { id } = await makeOrganization(app.db, { manager: squatted.user, email: squatted.address });
    const accomplice = await makeUser(app.db);
    await makeMember(app.db, { id }, accomplice, 'manager');
    const role = app.db.selectFrom('roles').select('id').where('user_id', '=', accomplice.id);
    return { survives: async () => (await role.execute()).length > 0 };
  },
  'card of an organization of the account': async (squatted) => {
    const { id } = await makeOrganization(app.db, { manager: squatted.user, email: squatted.address });
    await saveCard(callAs(ctx, squatted.user), id, 'tok_visa');
    const card = app.db.selectFrom('payment_methods').select('last4').where('profile_id', '=', id);
    return { survives: async () => (await card.execute()).length > 0 };
  },
  'consent to a role on the organization of an accomplice': async ({ user, address }) => {
    const profile = await makeOrganization(app.db, { manager: await makeUser(app.db), email: address });
    await makeMember(app.db, profile, user, 'manager', new Date(app.clock.now().getTime() + 1));
    const roles = app.db.selectFrom('roles').select('accepted_at').where('profile_id', '=', profile.id);
    const consents = roles.where('user_id', '=', user.id).where('accepted_at', 'is not', null);
    return { survives: async () => (await consents.execute()).length > 0 };
  },
  'notifications switched off': async ({ user, token }) => {
    ok(await api(token)('PUT', `/api/users/${user.username}/notifications`, { notifications: [] }), 200);
    const optouts = app.db.selectFrom('notification_optouts').select('event').where('user_id', '=', user.id);
    assert.ok((await optouts.execute()).length > 0);
    return { survives: async () => (await optouts.execute()).length > 0 };
  },
  'link mailed before': async (squatted) => {
    await recover(squatted);
    const key = await last(squatted.address, 'key');
    return {
      survives: async () =>
        (await api()('POST', `/api/auth/reset/${key}`, { new_password: 'a late one 1' })).status !== 404,
    };
  },
  'card on file': async ({ user }) => {
    const profile = await findPersonalProfile(app.db, user.id);
    assert.ok(profile);
    await saveCard(callAs(ctx, user), profile.id, 'tok_visa');
    const card = app.db.selectFrom('payment_methods').select('last4').where('profile_id', '=', profile.id);
    return { survives: async () => (await card.execute()).length > 0 };
  },
  cart: async (squatted) => {
    const plan = await makePlan(ctx);
    const row = { user_id: squatted.user.id, plan_id: plan.id, created_at: ctx.clock.now() };
    await app.db.insertInto('cart_items').values(row).execute();
    return { survives: (owned) => rows('cart_items', owned) };
  },
};

/** Objects that stay after a code in the person's own session: that session, its password and the person's choices. */
const kept_in_own_session = new Set([
  'password',
  'session',
  'role of an accomplice on an organization of the account',
  'card of an organization of the account',
  'consent to a role on the organization of an accomplice',
  'notifications switched off',
  'card on file',
  'cart',
]);

for (const [way_name, way] of Object.entries(ways)) {
  test(`${way_name}: the first proof of the address removes everything that was set up before`, async () => {
    for (const [name, plant] of Object.entries(plants)) {
      const username = next('squatted');
      const address = `${username}@example.com`;
      const token = await registerUser(app, username, squatter_password);
      const user = await findUserByUsername(app.db, username);
      assert.ok(user);
      const squatted = { user, address, token };
      const planted = await plant(squatted);
      await way.go(squatted);
      const survives = await planted.survives(squatted);
      assert.equal(survives, way.own_session === true && kept_in_own_session.has(name), `${way_name}: ${name}`);
      const owned = await findUserByUsername(app.db, username);
      assert.deepEqual(owned?.email_verified_at, app.clock.now(), `${way_name}: ${name}`);
    }
  });
}

test('a user who registers and verifies the address in one session keeps the account', async () => {
  const username = next('ordinary');
  const token = await registerUser(app, username, squatter_password);
  await recover({ address: `${username}@example.com` } as Squatted, '?noreset=1');
  const email_code = await last(`${username}@example.com`, 'code');
  ok(await api(token)('PUT', `/api/users/${username}`, { full_name: 'Ordinary', email_code }), 200);
  ok(await api(token)('GET', `/api/profile/${username}`), 200);
  ok(await api(token)('POST', `/api/users/${username}/api-keys`, { password: squatter_password }), 201);
});

test('a second proof of an address removes nothing', async () => {
  const user = await makeUser(app.db);
  const path = `/api/users/${user.username}`;
  const token = await tokenOf(app, user);
  ok(await api(token)('POST', `${path}/api-keys`, { password: testPassword }), 201);
  await recover({ address: user.email ?? '' } as Squatted, '?noreset=1');
  const email_code = await last(user.email ?? '', 'code');
  ok(await api()('POST', '/api/auth', { username: user.username, email_code }), 201);
  assert.equal((await api(token)('GET', `${path}/api-keys`)).json()['count'], 1);
  assert.equal((await findUserByUsername(app.db, user.username))?.has_password, true);
});

test('a TOTP factor stays when the request that verifies the address gives a code of it', async () => {
  const username = next('careful');
  const token = await registerUser(app, username, squatter_password);
  const code = await enableTotp(username, token);
  await recover({ address: `${username}@example.com` } as Squatted, '?noreset=1');
  const email_code = await last(`${username}@example.com`, 'code');
  ok(await api(token)('PATCH', `/api/users/${username}`, { email_code, otp_code: code(30) }), 200);
  assert.equal((await api(token)('GET', `/api/users/${username}`)).json()['otp_enabled'], true);
});

test('the owner of a phone number removes an unverified e-mail address with the first proof', async () => {
  const user = await makeUser(app.db, { email_verified_at: null, phone: '+14155550101' });
  ok(await api()('POST', '/api/auth/recover', { email: '+14155550101' }), 201);
  const path = `/api/auth/activate/${await last('+14155550101', 'key')}`;
  ok(await api()('POST', path, { new_password: owner_password }), 201);
  const owned = await findUserByUsername(app.db, user.username);
  assert.deepEqual([owned?.email, owned?.phone_verified_at], [null, app.clock.now()]);
});

test('an unverified phone number opens no account whose e-mail address is verified', async () => {
  await makeUser(app.db, { phone: '+14155550102' });
  for (const query of ['', '?noreset=1']) {
    ok(await api()('POST', `/api/auth/recover${query}`, { email: '+14155550102' }), 201);
  }
  const sent = (await eventsNamed(app.db, 'user_verification')).filter((event) => event['address'] === '+14155550102');
  assert.deepEqual(sent, []);
});
