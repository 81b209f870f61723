import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { SignJWT } from 'jose';
import { createUpstreamApp } from '../../examples/upstream-app/index.ts';

const key = 'a key of more than thirty-two characters';
const now = new Date('2026-03-10T15:00:00Z');
const app = createUpstreamApp({ key: [key, 'the former key of the same length or so'], now: () => now });
const origin = await app.listen();
after(() => app.close());

const session = {
  username: 'xia',
  roles: {
    manager: [
      {
        slug: 'xia',
        printable_name: '<b>Xia</b>',
        email: 'xia@example.com',
        subscriptions: [
          { plan: 'basic', ends_at: '2026-04-01T00:00:00.000Z' },
          { plan: 'premium', ends_at: '2026-01-01T00:00:00.000Z' },
        ],
      },
    ],
  },
  site: { slug: 'cowork', printable_name: 'Coworking Space', email: 'support@cowork.example.com' },
  last_visited: null,
};

async function sign(secret: string, age_s = 0, payload: object = session): Promise<string> {
  return new SignJWT({ ...payload })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(Math.floor(now.getTime() / 1000) + 7200 - age_s)
    .sign(Buffer.from(secret));
}

const get = (token: string | null, accept = 'application/json') =>
  fetch(`${origin}/app/xia/`, { headers: { accept, ...(token === null ? {} : { authorization: `Bearer ${token}` }) } });

test('the application shows the caller and the running subscriptions', async () => {
  const reply = await get(await sign(key));
  assert.equal(reply.headers.get('user-session'), 'xia');
  const view = (await reply.json()) as { profile: string; plans: string[]; is_manager: boolean };
  assert.deepEqual([view.profile, view.plans, view.is_manager], ['xia', ['basic'], true]);
  const page = await (await get(await sign(key), 'text/html')).text();
  assert.match(page, /&#60;b&#62;Xia/);
});

test('the application accepts sessions signed with either key during a rotation', async () => {
  assert.equal((await get(await sign('the former key of the same length or so'))).status, 200);
});

test('a missing, forged, expired or malformed session counts as no session', async () => {
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(session)).toString('base64url')}.`;
  for (const token of [
    null,
    'nonsense',
    unsigned,
    await sign('another key of another application!'),
    await sign(key, 7201),
    await sign(key, 0, { username: 1 }),
  ]) {
    assert.equal((await get(token)).status, 403);
  }
});
