import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { findLatestPerPlan } from '../callers/session-profile.ts';
import { makeSession } from './session.ts';
import { carrySession, encryptSession } from './session-token.ts';

const site = { slug: 'cowork', printable_name: 'Coworking Space', email: 'support@cowork.example.com' };
const session = makeSession({ username: 'xia', roles: {} }, site, { last_visited: null, first_time_tags: [] });
const now = new Date();

test('openssl decrypts a session cookie with the shared key', async () => {
  const key = 'k!^-=+abc123 and longer than a block';
  const carrier = await carrySession(1, session, key, now);
  assert.equal(carrier?.name, 'cookie');
  const text = /^sessionid=([A-Za-z0-9+/]+=*)$/.exec(carrier.value)?.[1];
  const plain = execFileSync(
    'openssl',
    ['enc', '-d', '-aes-256-cbc', '-md', 'md5', '-a', '-A', '-pass', `pass:${key}`],
    {
      input: text,
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  assert.deepEqual(JSON.parse(plain.toString('utf8')), session);
});

test('the same session is encrypted differently each time', () => {
  assert.notEqual(encryptSession('{}', 'k'), encryptSession('{}', 'k'));
});

test('a session token verifies with the shared key and expires after two hours', async () => {
  const key = 'a-key-of-more-than-thirty-two-characters';
  const carrier = await carrySession(2, session, key, now);
  assert.equal(carrier?.name, 'authorization');
  const token = carrier.value.replace(/^Bearer /, '');
  const { payload } = await jwtVerify(token, Buffer.from(key), { algorithms: ['HS256'] });
  const { exp, ...rest } = payload;
  assert.deepEqual(rest, session);
  assert.ok(exp !== undefined && exp * 1000 <= now.getTime() + 2 * 3600 * 1000);
  assert.equal(decodeProtectedHeader(token).typ, 'JWT');
  await assert.rejects(jwtVerify(token, Buffer.from(`${key}x`)));
});

test('backend 0 sends no session', async () => {
  assert.equal(await carrySession(0, session, 'k', now), null);
});

test('a session has one subscription per plan, the one that ends last', () => {
  const at = (day: number) => new Date(Date.UTC(2026, 0, day));
  assert.deepEqual(
    findLatestPerPlan([
      { plan: 'basic', ends_at: at(1) },
      { plan: 'basic', ends_at: at(9) },
      { plan: 'premium', ends_at: at(3) },
    ]),
    [
      { plan: 'basic', ends_at: '2026-01-09T00:00:00.000Z' },
      { plan: 'premium', ends_at: '2026-01-03T00:00:00.000Z' },
    ],
  );
});

test('a session has the first-time tags and the last visit', () => {
  const first = makeSession({ username: 'xia', roles: {} }, site, { last_visited: null, first_time_tags: ['app'] });
  assert.deepEqual(first.first_time_tags, ['app']);
  assert.equal('first_time_tags' in session, false);
});
