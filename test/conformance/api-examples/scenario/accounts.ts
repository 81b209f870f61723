import type { ExampleCall, World } from '../record-examples.ts';

const password = 'yoyo';
const new_password = 'correct-horse-battery';
const xia = { user: 'xia' };

/** The key of the newest link that was mailed to the address. */
const linkKey = (to: string) => (world: World) => world.fromMail(to, /\/login\/([0-9a-f]{40,64})/);

const keep =
  (name: string, field: string) =>
  ({ kept }: World, body: unknown): void => {
    const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, field) : undefined;
    if (typeof value === 'string') kept.set(name, value);
  };
const kept =
  (name: string) =>
  (world: World): string =>
    world.kept.get(name) ?? '';

/** The session of the user ended by an earlier call: the refusal of this one opens another. */
async function signInAgain({ call }: World): Promise<void> {
  await call('GET', '/api/users/xia', { as: 'xia' });
}

export const accountsCalls: readonly ExampleCall[] = [
  { operation: 'POST /api/auth', as: null, body: { username: 'xia', password }, after: keep('token', 'token') },
  { operation: 'POST /api/auth/tokens/verify', as: 'xia', body: (world: World) => ({ token: kept('token')(world) }) },
  { operation: 'POST /api/auth/tokens', as: 'xia', body: (world: World) => ({ token: kept('token')(world) }) },
  { operation: 'POST /api/auth/logout', as: 'xia' },
  { operation: 'DELETE /api/auth/tokens', as: 'xia', before: signInAgain },
  {
    operation: 'POST /api/auth/register',
    as: null,
    body: {
      username: 'joe',
      email: 'joe@example.com',
      full_name: 'Joe Act',
      new_password,
      type: 'personal',
      'terms-of-use': true,
    },
  },
  {
    operation: 'POST /api/users/{user}/verify',
    as: 'joe',
    before: async ({ call }) => {
      await call('POST', '/api/users/joe/verify', { as: 'joe', body: {} });
    },
    path: { user: 'joe' },
    body: async (world: World) => ({ email_code: await world.fromMail('joe@example.com', /\b(\d{6})\b/) }),
  },
  { operation: 'POST /api/auth/recover', as: null, body: { email: 'kenneth@example.com' } },
  {
    operation: 'GET /api/auth/activate/{verification_key}',
    as: null,
    path: { verification_key: linkKey('kenneth@example.com') },
  },
  {
    operation: 'POST /api/auth/activate/{verification_key}',
    as: null,
    path: { verification_key: linkKey('kenneth@example.com') },
    body: { full_name: 'Kenneth Adams', new_password },
  },
  {
    operation: 'POST /api/auth/reset/{verification_key}',
    as: null,
    before: async (world) => {
      await world.call('POST', '/api/auth/recover', { as: null, body: { email: 'alice@example.com' } });
    },
    path: { verification_key: linkKey('alice@example.com') },
    body: { new_password },
  },
  { operation: 'GET /api/users/{user}', as: 'xia', before: signInAgain, path: xia },
  { operation: 'PUT /api/users/{user}', as: 'xia', path: xia, body: { full_name: 'Xia Lee', lang: 'en' } },
  { operation: 'PUT /api/users/{user}/password', as: 'xia', path: xia, body: { password, new_password } },
  {
    operation: 'POST /api/users/{user}/api-keys',
    as: 'xia',
    before: signInAgain,
    path: xia,
    body: { password: new_password, title: 'Reports' },
    after: keep('api_key', 'secret'),
  },
  { operation: 'GET /api/users/{user}/api-keys', as: 'xia', path: xia },
  {
    operation: 'POST /api/users/{user}/api-keys/{key}',
    as: 'xia',
    path: {
      user: 'xia',
      key: async (world) => {
        const { body } = await world.call('GET', '/api/users/xia/api-keys', { as: 'xia' });
        return (body as { results: { slug: string }[] }).results[0]?.slug ?? ''; // the documented list
      },
    },
    body: { password: new_password },
  },
  {
    operation: 'PUT /api/users/{user}/ssh-keys',
    as: 'xia',
    path: xia,
    body: {
      password: new_password,
      pubkey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8Zm1y0q3m1Yt8Zr2mP0S4h6dQn8wXc5vB7kLtG3eUa xia@example.com',
    },
  },
  {
    operation: 'PUT /api/users/{user}/otp',
    as: 'xia',
    path: xia,
    body: {
      password: new_password,
      otp_enabled: true,
      email_verification_enabled: false,
      phone_verification_enabled: false,
    },
  },
  { operation: 'DELETE /api/users/{user}/password', as: 'xia', path: xia, body: { password: new_password } },
  { operation: 'POST /api/users/{user}/activate', path: xia },
  {
    operation: 'DELETE /api/users/{user}',
    as: 'kenneth',
    before: async ({ call }) => {
      await call('GET', '/api/users/kenneth', { as: 'kenneth' });
    },
    path: { user: 'kenneth' },
    body: { password: new_password },
  },
  { operation: 'GET /api/users/{user}/notifications', as: 'donny', path: { user: 'donny' } },
  {
    operation: 'PUT /api/users/{user}/notifications',
    as: 'donny',
    path: { user: 'donny' },
    body: { notifications: ['charge_updated', 'user_contact'] },
  },
];
