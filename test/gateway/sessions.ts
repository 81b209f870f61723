import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jwtVerify, SignJWT } from 'jose';
import { createOrganization } from '#profiles';
import { inTransaction } from '../../src/platform/db/database.ts';
import { makeUser } from '../support/factories/accounts.ts';
import { app, call, rotateKey, rules, upstream } from './site.ts';

/** Returns the value of the header with the session. */
async function forwardedSession(path: string, as: string): Promise<string> {
  const headers = (await call(path, { as })).json().headers as string[];
  return headers[headers.findIndex((part) => part.toLowerCase() === 'authorization') + 1] ?? '';
}

const claimsOf = (header: string) => JSON.parse(Buffer.from(header.split('.')[1] ?? '', 'base64url').toString());

test('the settings are returned, and unsafe values are refused', async () => {
  const { json } = await call('/api/proxy', { as: 'donny' });
  assert.deepEqual(Object.keys(json()).sort(), [
    'authentication',
    'cors_restricted',
    'entry_point',
    'session_backend',
    'slug',
    'welcome_email',
  ]);
  for (const entry_point of [
    'ftp://x.example',
    'x',
    'https://u:p@x.example/',
    'https://x.example/?a',
    'javascript:alert(1)',
  ]) {
    const reply = await call('/api/proxy', { as: 'donny', method: 'PUT', body: { entry_point } });
    assert.equal(reply.status, 400, entry_point);
    assert.ok(reply.json().entry_point);
  }
  const reply = await call('/api/proxy', { as: 'donny', method: 'PUT', body: { session_backend: 3 } });
  assert.equal(reply.status, 400);
  const unknown = await call('/api/proxy', { as: 'donny', method: 'PUT', body: { authentication: 'perhaps' } });
  assert.match(unknown.text, /login-only/);
});

test('a rotated key is shown once and signs all later sessions', async () => {
  await rules([{ path: '/app/', allow: 1 }]);
  const rotated = await call('/api/proxy/key', { as: 'donny', method: 'POST' });
  assert.equal(rotated.status, 201);
  const { enc_key } = rotated.json();
  assert.ok(Buffer.from(enc_key, 'base64url').length >= 32);
  assert.equal((await call('/app/', { as: 'xia' })).status, 403, 'the application still has the former key');
  upstream.setKey(enc_key);
  assert.equal((await call('/app/', { as: 'xia' })).status, 200);
  const { rows } = await app.database.executeSql('select * from sites');
  assert.ok(!JSON.stringify(rows).includes(enc_key), 'sealed at rest');
  assert.ok(rows[0]?.['session_key_previous_sealed']);

  const shown = (await call('/api/proxy/sessions/XIA', { as: 'donny' })).json();
  assert.equal(JSON.parse(shown.forward_session).username, 'xia');
  const token = /^Authorization: Bearer (\S+)$/.exec(shown.forward_session_header)?.[1] ?? '';
  const { payload } = await jwtVerify(token, Buffer.from(enc_key), { currentDate: app.clock.now() });
  assert.equal(payload['username'], 'xia');
  assert.equal((await call('/api/proxy/sessions/xia', { as: 'alice' })).json().forward_session_header, '');
  assert.equal((await call('/api/proxy/sessions/unknown', { as: 'donny' })).status, 404);
});

test('a caller with 60 profiles reaches the application, which reads all profiles with the session token', async () => {
  await rules([{ path: '/open/{profile}', allow: 5 }]);
  const user = await makeUser(app.database.db, { username: 'agency', full_name: 'Agency' });
  await inTransaction(app.database.db, async (tx) => {
    for (let index = 0; index < 60; index++) {
      const fields = { full_name: `Client company with a long name, number ${index}` };
      await createOrganization(tx, { slug: `company-${index}`, manager: user, fields }, app.clock.now());
    }
  });
  const header = await forwardedSession('/open/company-57/echo', 'agency');
  assert.ok(`Authorization: ${header}\r\n`.length <= 8192, `${header.length}`);
  const session = claimsOf(header);
  assert.equal(session.truncated, true);
  assert.equal(session.roles.manager[0].slug, 'company-57');
  assert.ok(session.roles.manager.length < 60);
  assert.equal(claimsOf(await forwardedSession('/open/acme/echo', 'xia')).truncated, undefined);

  const found = new Set<string>();
  let next: string | null = session.profiles_url;
  while (next !== null) {
    const reply: Response = await fetch(next, { headers: { authorization: header } });
    assert.equal(reply.status, 200);
    const page = (await reply.json()) as {
      count: number;
      next: string | null;
      results: { slug: string; role: string }[];
    };
    assert.equal(page.count, 60);
    for (const { slug, role } of page.results) found.add(`${role} ${slug}`);
    ({ next } = page);
  }
  assert.equal(found.size, 60);
  assert.ok(found.has('manager company-0'));

  const shown = (await call('/api/proxy/sessions/agency', { as: 'donny' })).json();
  assert.equal(JSON.parse(shown.forward_session).truncated, true);
});

test('the profiles of a session are returned to the user and to holders of the session key', async () => {
  const key = await rotateKey();
  await call('/api/proxy', { as: 'donny', method: 'PATCH', body: {} });
  const path = '/api/proxy/session/profiles';
  const own = await call(path, { as: 'xia' });
  assert.deepEqual(
    own
      .json()
      .results.map(({ slug }: { slug: string }) => slug)
      .sort(),
    ['acme', 'xia'],
  );
  const now_s = Math.floor(app.clock.now().getTime() / 1000);
  const sign = (claims: object, secret = key, alg = 'HS256') =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(Buffer.from(secret));
  const read = async (token: string) => (await call(path, { headers: { authorization: `Bearer ${token}` } })).status;
  assert.equal(await read(await sign({ username: 'xia', exp: now_s + 60 })), 200);
  for (const token of [
    await sign({ username: 'xia', exp: now_s - 1 }),
    await sign({ username: 'xia' }),
    await sign({ username: 'xia', exp: now_s + 86_400 }),
    await sign({ username: 'unknown-username', exp: now_s + 60 }),
    await sign({ exp: now_s + 60 }),
    await sign({ username: 'xia', exp: now_s + 60 }, 'another key of more than thirty-two characters'),
    await sign({ username: 'xia', exp: now_s + 60 }, key, 'HS512'),
    'nonsense',
  ])
    assert.equal(await read(token), 401, token);
  const anonymous = await call(path);
  assert.deepEqual([anonymous.status, anonymous.json().code], [401, 'session_token_invalid']);
});
