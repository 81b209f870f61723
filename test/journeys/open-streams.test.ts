import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'undici';
import { changeProxy, rotateSessionKey } from '#gateway';
import { inTransaction } from '#platform/db/database';
import { createUpstreamApp } from '../../examples/upstream-app/index.ts';
import { apiClient, registerUser } from '../support/client.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { startApp, TEST_SECRET, type TestApp } from '../support/start-app.ts';

const upstream = createUpstreamApp({ open_paths: ['/'], now: () => app.clock.now() });
let app: TestApp;
let origin: string;
let operator: Awaited<ReturnType<typeof registerBrokerManager>>;

before(async () => {
  app = await startApp();
  const entry_point = await upstream.listen();
  origin = await app.tollgate.listen();
  operator = await registerBrokerManager(app, 'donny');
  const ctx = await app.tollgate.makeContext('test');
  upstream.setKey(await rotateSessionKey(ctx, TEST_SECRET));
  await changeProxy(ctx, { entry_point }, { private_addresses_allowed: true });
  await rule({ path: '/area', allow: 1 });
});
after(async () => {
  await app.close();
  await upstream.close();
});

async function rule(body: { path: string; allow: number | string; rank?: number }): Promise<void> {
  const made = await operator('POST', '/api/proxy/rules', { rank: 1, is_forward: true, ...body });
  assert.equal(made.status, 201, made.text);
}

interface Open {
  /** Resolves with the milliseconds from the call of `since` to the end of the connection. */
  ended: Promise<number>;
  code: () => number | undefined;
  close(): void;
}

async function socketTo(path: string, authorization?: string): Promise<Open> {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const socket = new WebSocket(`${origin.replace('http', 'ws')}${path}`, { headers });
  let code: number | undefined;
  const ended = new Promise<number>((resolve) => {
    socket.addEventListener('close', (event) => {
      code = event.code;
      resolve(performance.now());
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('message', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${path}`)));
  });
  return { ended, code: () => code, close: () => socket.close() };
}

async function eventsAt(path: string, authorization: string): Promise<Open> {
  const leaving = new AbortController();
  const reply = await fetch(`${origin}${path}`, { headers: { authorization }, signal: leaving.signal });
  assert.equal(reply.status, 200);
  const ended = reply.text().then(
    () => performance.now(),
    () => performance.now(),
  );
  return { ended, code: () => undefined, close: () => leaving.abort() };
}

/** Asserts that the connection ends within a second of the change, and not before. */
async function endsBy(open: Open, change: () => Promise<unknown>): Promise<void> {
  // A check period of the gateway in real time: only a wait can show that nothing ends the connection.
  const early = await Promise.race([open.ended, new Promise((resolve) => setTimeout(resolve, 1000, 'open'))]);
  assert.equal(early, 'open', 'the connection stays open until the change');
  await change();
  const changed_ms = performance.now();
  const late = new Promise<number>((_resolve, reject) =>
    setTimeout(reject, 3000, new Error('it is still open')).unref(),
  );
  const ended_ms = await Promise.race([open.ended, late]);
  assert.ok(ended_ms - changed_ms < 1000, `${Math.round(ended_ms - changed_ms)} ms`);
}

test('a sign-out ends the WebSockets of its session and leaves those of the user’s other sessions open', async () => {
  const token = await registerUser(app, 'erin');
  const signed = await app.http.inject({
    method: 'POST',
    url: '/api/auth',
    payload: { username: 'erin', password: 'correct horse 7' },
  });
  const other_token = signed.json<{ token: string }>().token;
  const open = await socketTo('/area/ws', `Bearer ${token}`);
  const other = await socketTo('/area/ws', `Bearer ${other_token}`);
  await endsBy(open, () => apiClient(app, token)('POST', '/api/auth/logout'));
  const still = await Promise.race([other.ended, new Promise((resolve) => setTimeout(resolve, 900, 'open'))]);
  assert.equal(still, 'open');
  other.close();
});

test('a WebSocket ends within a second of the sign-out of its user, with status 1008; others stay', async () => {
  const token = await registerUser(app, 'xia');
  const other = await socketTo('/area/ws', `Bearer ${await registerUser(app, 'kenneth')}`);
  const open = await socketTo('/area/ws', `Bearer ${token}`);
  await endsBy(open, () => apiClient(app, token)('POST', '/api/auth/logout'));
  assert.equal(open.code(), 1008);
  const still = await Promise.race([other.ended, new Promise((resolve) => setTimeout(resolve, 900, 'open'))]);
  assert.equal(still, 'open');
  other.close();
});

test('an event stream ends within a second of the sign-out of its user', async () => {
  const token = await registerUser(app, 'streamer');
  const open = await eventsAt('/area/stream?count=1000&ms=200', `Bearer ${token}`);
  await endsBy(open, () => apiClient(app, token)('POST', '/api/auth/logout'));
});

test('a change that another node makes ends the connection within a second', async () => {
  const token = await registerUser(app, 'remote');
  const open = await socketTo('/area/ws', `Bearer ${token}`);
  // A direct change of the database: this process receives no notification.
  await endsBy(open, () =>
    inTransaction(app.db, (tx) =>
      tx.updateTable('users').set({ is_active: false }).where('username', '=', 'remote').execute(),
    ),
  );
});

test('a lost role ends the connections that the rule granted for it', async () => {
  await rule({ path: '/team', allow: '5/{"profile": "cowork"}' });
  const token = await registerUser(app, 'member');
  const user = await app.db.selectFrom('users').select('id').where('username', '=', 'member').executeTakeFirstOrThrow();
  const granted = await operator('POST', '/api/profile/cowork/roles/manager', { slug: 'member' });
  assert.ok(granted.status < 300, granted.text);
  await inTransaction(app.db, (tx) =>
    tx
      .updateTable('roles')
      .set({ grant_key: null, accepted_at: app.clock.now() })
      .where('user_id', '=', user.id)
      .execute(),
  );
  await operator('PATCH', '/api/proxy', {});
  const open = await socketTo('/team/ws', `Bearer ${token}`);
  await endsBy(open, () => operator('DELETE', '/api/profile/cowork/roles/manager/member'));
});

test('a rule that no longer admits the caller ends its connections, also anonymous ones', async () => {
  await rule({ path: '/public', allow: 0 });
  const open = await socketTo('/public/ws');
  await endsBy(open, () => operator('PUT', '/api/proxy/rules/public', { allow: 1 }));
});

test('the end of a subscription ends the connections that it paid for', async () => {
  await rule({ path: '/paid', allow: '15/{"plan": null}' });
  const token = await registerUser(app, 'payer');
  const plan = await operator('POST', '/api/profile/cowork/plans', {
    title: 'Basic',
    period_amount: 0,
    period_type: 'monthly',
    is_active: true,
  });
  assert.equal(plan.status, 201, plan.text);
  const { slug } = plan.json<{ slug: string }>();
  const call = apiClient(app, token);
  await call('POST', '/api/cart', { plan: slug });
  const bought = await call('POST', '/api/billing/payer/checkout', {});
  assert.ok(bought.status < 300, bought.text);
  const open = await socketTo('/paid/ws', `Bearer ${token}`);
  await endsBy(open, () =>
    inTransaction(app.db, (tx) => tx.updateTable('subscriptions').set({ ends_at: app.clock.now() }).execute()),
  );
});
