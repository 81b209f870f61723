import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before } from 'node:test';
import { WebSocket } from 'undici';
import { createPlan, findPlanBySlug } from '#catalog';
import { createOrganization, createPersonalProfile, findProfileBySlug, findRoleType, insertRole } from '#profiles';
import { createUpstreamApp } from '../../examples/upstream-app/index.ts';
import { inTransaction } from '../../src/platform/db/database.ts';
import { makeUser } from '../support/factories/accounts.ts';
import { type GatewayApp, startGatewayApp } from '../support/gateway-app.ts';

/** The gateway and the application behind it, which the tests of all subjects share. */
export let app: GatewayApp;
export let upstream_url: string;
export const upstream = createUpstreamApp({ open_paths: ['/open'], now: () => app.clock.now() });

export type Headers = Record<string, string>;
export const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

export async function call(
  path: string,
  init: { as?: string; method?: string; headers?: Headers; body?: string | object } = {},
) {
  const { as, method = 'GET', headers = {}, body } = init;
  const reply = await fetch(`${app.origin}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
      ...(typeof body === 'object' ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await reply.text();
  const json = () => JSON.parse(text);
  return { status: reply.status, headers: reply.headers, location: reply.headers.get('location'), text, json };
}

/** Sends unchanged bytes and reads until the connection ends. `head` without Host and the empty line. */
export async function raw(head: string, rest = '', host = `Host: ${new URL(app.origin).host}\r\n`): Promise<string> {
  const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
  socket.write(Buffer.from(`${head}${host}Connection: close\r\n\r\n${rest}`, 'latin1'));
  return Buffer.concat(await socket.toArray()).toString();
}

export async function rules(
  list: { path: string; allow: string | number; is_forward?: boolean; engaged?: string }[],
): Promise<void> {
  const { json } = await call('/api/proxy/rules?page_size=100', { as: 'donny' });
  for (const { path } of json().results as { path: string }[]) {
    const gone = await call(`/api/proxy/rules/${encodeURIComponent(path)}`, { as: 'donny', method: 'DELETE' });
    assert.equal(gone.status, 204, gone.text);
  }
  for (const [index, rule] of list.entries()) {
    const made = await call('/api/proxy/rules', { as: 'donny', method: 'POST', body: { rank: index + 1, ...rule } });
    assert.equal(made.status, 201, made.text);
  }
}

before(async () => {
  app = await startGatewayApp({ upstream_idle_ms: 1500 });
  upstream_url = await upstream.listen();
  const ctx = await app.makeContext();
  const { db } = ctx;
  const at = ctx.clock.now();
  const users = new Map<string, Awaited<ReturnType<typeof makeUser>>>();
  for (const username of ['donny', 'alice', 'xia', 'kenneth', 'carol']) {
    users.set(username, await makeUser(db, { username, full_name: `${username} Tester` }));
  }
  const userOf = (name: string) => users.get(name)!;
  await inTransaction(db, async (tx) => {
    const role = async (username: string, profile_id: typeof ctx.site.broker_id, slug: string) => {
      const type = await findRoleType(tx, profile_id, slug);
      assert.ok(type);
      await insertRole(tx, { user_id: userOf(username).id, profile_id, role_type_id: type.id, accepted_at: at }, at);
    };
    await role('donny', ctx.site.broker_id, 'manager');
    await role('alice', ctx.site.broker_id, 'contributor');
    await createPersonalProfile(tx, userOf('xia'), at);
    await createPersonalProfile(tx, userOf('kenneth'), at);
    const org = await createOrganization(
      tx,
      { slug: 'acme', manager: userOf('xia'), fields: { full_name: 'Acme' } },
      at,
    );
    await role('carol', org.id, 'contributor');
  });
  for (const slug of ['basic', 'premium']) {
    await createPlan(
      ctx,
      ctx.site.broker_id,
      {
        slug,
        title: slug,
        description: slug,
        period_amount: 2000,
        period_type: 'monthly',
        unit: 'usd',
        is_active: true,
      } as never,
      'broker',
    );
  }
  await rotateKey();
  const set = await call('/api/proxy', {
    as: 'donny',
    method: 'PUT',
    body: { entry_point: `${upstream_url}/`, session_backend: 2 },
  });
  assert.equal(set.status, 200, set.text);
});

after(async () => {
  // A stop does not wait for open sockets.
  await rules([{ path: '/open', allow: 0 }]);
  const idle = new WebSocket(`${app.origin.replace('http', 'ws')}/open/ws`);
  await new Promise((resolve) => {
    idle.addEventListener('message', resolve);
  });
  await app.close();
  await upstream.close();
});

/** Rotates the session key, gives the new one to the application and returns it. */
export async function rotateKey(): Promise<string> {
  const { enc_key } = (await call('/api/proxy/key', { as: 'donny', method: 'POST' })).json() as { enc_key: string };
  upstream.setKey(enc_key);
  return enc_key;
}

export async function planOf(slug: string) {
  const plan = await findPlanBySlug(app.database.db, slug);
  assert.ok(plan);
  return plan;
}

export async function profileOf(slug: string) {
  const profile = await findProfileBySlug(app.database.db, slug);
  assert.ok(profile);
  return profile;
}

/** Returns the status of a GET of the unchanged `target`. */
export async function statusOf(target: string, more = ''): Promise<number> {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await raw(`GET ${target} HTTP/1.1\r\n${more}`))?.[1]);
}
