import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jwtVerify } from 'jose';
import { deriveKey, seal } from '#platform/security/crypto';
import { movableClock } from '#platform/clock';
import { noVisit } from '../engagements/index.ts';
import { makeSession } from './session.ts';
import { makeSessionCarriers } from './session-carriers.ts';

const secret = 'a secret that only tests know, of some length';
const clock = movableClock();

/** Builds the part of a context that a carrier needs: the site at one version, with the key of that version. */
function contextAt(version: number) {
  const key = `the key of version ${version}, long enough for any reader`;
  const sealed = seal(key, deriveKey(secret, 'upstream session key at rest'), 'sites.session_key');
  return { key, ctx: { clock, site: { version, session_backend: 2 as const, session_key_sealed: sealed } } };
}

function sessionOf(username: string) {
  return makeSession({ username, roles: {} }, { slug: 'cowork', printable_name: '', email: '' }, noVisit);
}

test('a session whose signing overlaps a rotation of the key is not cached for the new key', async () => {
  const carriers = makeSessionCarriers(secret);
  const [former, rotated] = [contextAt(1), contextAt(2)];
  await Promise.all([
    carriers.make(former.ctx, sessionOf('xia'), null),
    carriers.make(rotated.ctx, sessionOf('donny'), null),
  ]);
  const carrier = await carriers.make(rotated.ctx, sessionOf('xia'), null);
  const token = carrier?.value.replace('Bearer ', '') ?? '';
  await jwtVerify(token, Buffer.from(rotated.key), { currentDate: clock.now() });
  await assert.rejects(jwtVerify(token, Buffer.from(former.key), { currentDate: clock.now() }));
});
