import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { jwtVerify, SignJWT } from 'jose';
import { WebSocket } from 'undici';
import { createPlan, findPlanBySlug } from '#catalog';
import { createOrganization, createPersonalProfile, findProfileBySlug, findRoleType, insertRole } from '#profiles';
import { openOrExtend } from '#subscriptions';
import { createUpstreamApp } from '../../examples/upstream-app/index.ts';
import { makeUser } from '../../test/support/factories/accounts.ts';
import { type GatewayApp, startGatewayApp } from '../../test/support/gateway-app.ts';
import { inTransaction } from '../platform/db/database.ts';
import { rotateSessionKey } from './sessions/session-key.ts';

let app: GatewayApp;
let upstream_url: string;
const upstream = createUpstreamApp({ open_paths: ['/open'], now: () => app.clock.now() });

type Headers = Record<string, string>;
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

async function call(
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
async function raw(head: string, rest = '', host = `Host: ${new URL(app.origin).host}\r\n`): Promise<string> {
  const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
  socket.write(Buffer.from(`${head}${host}Connection: close\r\n\r\n${rest}`, 'latin1'));
  return Buffer.concat(await socket.toArray()).toString();
}

async function rules(
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
  upstream.setKey(await rotateSessionKey(ctx, app.secret));
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

async function planOf(slug: string) {
  const plan = await findPlanBySlug(app.database.db, slug);
  assert.ok(plan);
  return plan;
}

async function profileOf(slug: string) {
  const profile = await findProfileBySlug(app.database.db, slug);
  assert.ok(profile);
  return profile;
}

test('a browser is redirected to sign-in and back, a program gets 401 with the location', async () => {
  await rules([
    { path: '/app/', allow: 1 },
    { path: '/', allow: 0, is_forward: false },
  ]);
  const page = await call('/app/xia/reports?a=1&b=%2F', { headers: html });
  assert.equal(page.status, 302);
  assert.equal(page.location, `/login/?next=${encodeURIComponent('/app/xia/reports?a=1&b=%2F')}`);
  const program = await call('/app/xia/');
  assert.equal(program.status, 401);
  assert.equal(program.headers.get('www-authenticate'), 'Bearer');
  assert.deepEqual([program.json().code, program.json().location], ['credentials_required', '/login/']);
  const anything = await call('/app/', { headers: { accept: '*/*' } });
  assert.equal(anything.status, 401);
  const preferring = await call('/app/', { headers: { accept: 'text/html;q=0.9, application/json;q=0.1' } });
  assert.equal(preferring.status, 302);
});

test('the sign-in page never redirects to another site', async () => {
  for (const path of ['//evil.example/app/', '/app//evil.example', '/app/?next=//evil.example']) {
    const { location, status } = await call(path, { headers: html });
    assert.ok(status === 302 || status === 404 || status === 200, String(status));
    if (location !== null) assert.doesNotMatch(location, /next=(%2F%2F|\/\/|http)/);
  }
});

test('a granted request reaches the application with the session of the caller', async () => {
  const reply = await call('/app/xia/', { as: 'xia' });
  assert.equal(reply.status, 200, reply.text);
  const { session } = reply.json();
  assert.equal(session.username, 'xia');
  assert.deepEqual(Object.keys(session.roles), ['manager']);
  assert.deepEqual(session.roles.manager.map((each: { slug: string }) => each.slug).sort(), ['acme', 'xia']);
  assert.deepEqual(session.site, {
    slug: 'cowork',
    printable_name: 'Coworking Space',
    email: 'support@cowork.example.com',
  });
  const personal = session.roles.manager.find((each: { slug: string }) => each.slug === 'xia');
  assert.equal(personal.type, 'personal');
  assert.equal(personal.credentials, true);
  assert.ok(session.exp * 1000 <= app.clock.now().getTime() + 7_200_000);
  assert.ok(reply.headers.get('x-request-id'));
  assert.equal(reply.headers.get('content-security-policy'), null, 'the headers of the application are unchanged');
});

test('the application receives the request without credentials of the caller', async () => {
  const reply = await call('/app/echo?x=1', {
    as: 'xia',
    method: 'POST',
    body: '{"not": "parsed',
    headers: {
      'content-type': 'application/json',
      cookie: 'sessionid=mine; csrftoken=c; visitor=v; theme=dark',
      'x-forwarded-for': '6.6.6.6',
      'x-http-method-override': 'DELETE',
    },
  });
  assert.equal(reply.status, 200, reply.text);
  const seen = reply.json();
  const headers = Object.fromEntries(
    (seen.headers as string[]).flatMap((name, index, all) =>
      index % 2 === 0 ? [[name.toLowerCase(), all[index + 1]]] : [],
    ),
  );
  assert.equal(seen.body, '{"not": "parsed');
  assert.equal(headers.cookie, 'theme=dark');
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-real-ip'], '127.0.0.1');
  assert.equal(headers.host, new URL(app.origin).host);
  assert.equal(headers['x-http-method-override'], undefined);
  assert.match(String(headers.authorization), /^Bearer ey/);
  assert.notEqual(headers.authorization, 'Bearer xia');
});

test('bodies of any size and media type are forwarded unchanged', async () => {
  await rules([{ path: '/open', allow: 0 }]);
  const large = 'x'.repeat(3_000_000);
  for (const headers of [{}, { 'content-type': 'application/json' }, { 'content-type': 'nonsense' }] as Headers[]) {
    const reply = await call('/open/echo', { method: 'PUT', body: large, headers });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json().body_bytes, large.length);
  }
  const form = new FormData();
  form.append('a', '1');
  form.append('a', '2');
  form.append('file', new Blob(['content']), 'name.txt');
  const sent = await fetch(`${app.origin}/open/echo`, { method: 'POST', body: form });
  const { body } = (await sent.json()) as { body: string };
  assert.equal(body.match(/name="a"/g)?.length, 2);
  const odd = await fetch(`${app.origin}/open/echo`, { method: 'DELETE', body: new Uint8Array([1, 2, 3]) });
  assert.equal(((await odd.json()) as { body_bytes: number }).body_bytes, 3);
});

test('a request may have no body, Expect: 100-continue, or a chunked body', async () => {
  assert.equal((await call('/open/echo', { method: 'POST' })).json().body_bytes, 0);
  const { port } = new URL(app.origin);
  const socket = connect(Number(port), '127.0.0.1');
  const head = `POST /open/echo HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\nExpect: 100-continue\r\n`;
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
  await sleep(20);
  socket.write('2\r\nde\r\n0\r\n\r\n');
  const text = Buffer.concat(await socket.toArray()).toString();
  assert.match(text, /^HTTP\/1\.1 100 Continue/);
  assert.match(text, /"body":"abcde"/);
});

test('the body of a client that offers h2c is forwarded completely', async () => {
  const { port } = new URL(app.origin);
  const socket = connect(Number(port), '127.0.0.1');
  const head = `POST /open/echo HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade, HTTP2-Settings, close\r\n`;
  socket.write(`${head}Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: 5\r\n\r\nhello`);
  const text = Buffer.concat(await socket.toArray()).toString();
  assert.match(text, /"body":"hello"/);
});

test('events are forwarded one by one', async () => {
  const started = performance.now();
  const reply = await fetch(`${app.origin}/open/stream?count=2&ms=300`);
  assert.equal(reply.headers.get('content-type'), 'text/event-stream');
  const first = await reply.body!.getReader().read();
  assert.match(Buffer.from(first.value ?? []).toString(), /1 of 2/);
  assert.ok(performance.now() - started < 590);
});

test('a request of an anonymous visitor is forwarded without session and credentials', async () => {
  await rules([
    { path: '/open', allow: 0 },
    { path: '/', allow: 0, is_forward: false },
  ]);
  for (const headers of [{}, { authorization: 'Bearer unknown' }, { authorization: 'Basic eDp5' }] as Headers[]) {
    const reply = await call('/open/echo', { headers });
    assert.equal(reply.status, 200, reply.text);
    assert.ok(!(reply.json().headers as string[]).some((part) => part.toLowerCase() === 'authorization'));
  }
});

test('each session backend sends the session in its header', async () => {
  await rules([{ path: '/open', allow: 0 }]);
  const headersOf = async () => {
    const seen = (await call('/open/echo', { as: 'xia', headers: { cookie: 'sessionid=forged; a=1' } })).json()
      .headers as string[];
    const valueOf = (name: string) => seen[seen.findIndex((part) => part.toLowerCase() === name) + 1];
    return {
      authorization: seen.some((part) => part.toLowerCase() === 'authorization') ? valueOf('authorization') : null,
      cookie: valueOf('cookie'),
    };
  };
  const use = (session_backend: number) =>
    call('/api/proxy', { as: 'donny', method: 'PATCH', body: { session_backend } });
  await use(0);
  assert.deepEqual(await headersOf(), { authorization: null, cookie: 'a=1' });
  await use(1);
  const encrypted = await headersOf();
  assert.equal(encrypted.authorization, null);
  assert.match(encrypted.cookie ?? '', /^a=1; sessionid=U2FsdGVkX1/);
  await use(2);
  assert.match((await headersOf()).authorization ?? '', /^Bearer /);
});

/** Returns the status of a GET of the unchanged `target`. */
async function statusOf(target: string, more = ''): Promise<number> {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await raw(`GET ${target} HTTP/1.1\r\n${more}`))?.[1]);
}

test('a malformed target is refused before any other check', async () => {
  await rules([{ path: '/', allow: 0 }]);
  for (const target of [
    '/open/../admin',
    '/open/%2e%2e/admin',
    '/x%2f..%2fadmin',
    '/open/..;/admin',
    '/%zz',
    '/a%00',
    '\\admin',
    '/x\\..\\admin',
    `/a%${'25'.repeat(8)}41`,
  ]) {
    assert.equal(await statusOf(target), 400, target);
  }
  assert.equal((await call('/open/%2e%252e/x')).status, 200);
  const refused = await raw('GET /open/..;/x HTTP/1.1\r\nAccept: application/json\r\n');
  assert.match(refused, /"code":"path_refused"/);
  assert.match(refused, /dot segment/);
});

test('no spelling of a protected path reaches the application for a caller that its rule refuses', async () => {
  await rules([
    { path: '/open/admin', allow: 5 },
    { path: '/open', allow: 0 },
    { path: '/', allow: 0 },
  ]);
  for (const target of [
    '/open/admin',
    '/open/ADMIN',
    '/OPEN/admin',
    '/open/admin.',
    '/open/admin%20',
    '/open/admin.json',
    '/open/pub/..%253b/admin',
    '/open//admin',
    '//open/admin',
    '/open%2Fadmin',
    '/open/%2561dmin',
    '/open/admin;x/y',
    '/open/%EF%BD%81dmin',
    `http://127.0.0.1/open/admin`,
  ]) {
    assert.equal(await statusOf(target), 401, target);
    assert.equal(await statusOf(target, 'Authorization: Bearer kenneth\r\n'), 403, target);
    const passed = await raw(
      `GET ${target.replace('admin', 'admin/echo')} HTTP/1.1\r\nAuthorization: Bearer donny\r\n`,
    );
    assert.match(passed, /^HTTP\/1\.1 (?:200|404) /, target);
  }
  assert.equal(await statusOf('/open/administrator'), 200);
});

test('the bytes of a path reach the application unchanged', async () => {
  await rules([{ path: '/', allow: 0 }]);
  for (const target of [
    '/open/a//b/echo',
    '/open/a%2Fb/%7Euser/echo',
    '/open/Xy/%c3%a9/echo?x=%2F//',
    '/open//echo',
    '/open/;v=1/echo',
  ]) {
    const reply = await raw(`GET ${target} HTTP/1.1\r\n`);
    assert.match(reply, /^HTTP\/1\.1 200 /, target);
    assert.ok(reply.includes(`"url":${JSON.stringify(target)}`), reply);
  }
  // The sample application reads `//open` as a host and requires a session there.
  const reply = await raw('GET //open/echo HTTP/1.1\r\nAuthorization: Bearer xia\r\n');
  assert.ok(reply.includes('"url":"//open/echo"'), reply);
});

test('a path with an empty segment is matched with and without it', async () => {
  await rules([
    { path: '/open', allow: 0 },
    { path: '/', allow: 1 },
  ]);
  assert.equal(await statusOf('/open/echo'), 200);
  assert.equal(await statusOf('/open//echo'), 200);
  assert.equal(await statusOf('//open/echo'), 401);
});

test('a path with a local rule is not forwarded in another spelling', async () => {
  await rules([
    { path: '/open/internal', allow: 0, is_forward: false },
    { path: '/open', allow: 0 },
  ]);
  for (const target of ['/open/internal/echo', '/open/INTERNAL/echo', '/open//internal./echo'])
    assert.equal(await statusOf(target), 404, target);
  assert.equal(await statusOf('/open/external/echo'), 200);
});

test('a request is refused without any rule', async () => {
  await rules([{ path: '/app', allow: 0 }]);
  const reply = await call('/elsewhere', { as: 'donny' });
  assert.equal(reply.status, 403);
  assert.equal(reply.json().code, 'rule_unmatched');
});

test('a subscription grants the next request, and its end refuses the next request', async () => {
  const allow = '15/{"profile": null, "plan": "premium", "brokers": null}';
  await rules([
    { path: '/app/{profile}/', allow },
    { path: '/', allow: 0, is_forward: false },
  ]);
  const refused = await call('/app/acme/', { as: 'xia' });
  assert.equal(refused.status, 402);
  assert.deepEqual(
    [refused.json().code, refused.json().location],
    ['subscription_required', '/billing/acme/cart/?plan=premium'],
  );
  const page = await call('/app/acme/a?b=1', { as: 'xia', headers: html });
  assert.equal(page.status, 302);
  assert.equal(page.location, `/billing/acme/cart/?plan=premium&next=${encodeURIComponent('/app/acme/a?b=1')}`);

  const [plan, acme] = [await planOf('premium'), await profileOf('acme')];
  const at = app.clock.now();
  const { subscription } = await inTransaction(app.database.db, (tx) =>
    openOrExtend(tx, { profile_id: acme.id, plan, periods_count: 1, at }),
  );
  // A purchase through the site: a request with an unsafe method to a route of Tollgate.
  await call('/api/proxy', { as: 'donny', method: 'PATCH', body: {} });
  for (const who of ['xia', 'carol']) {
    const granted = await call('/app/acme/', { as: who });
    assert.equal(granted.status, 200, granted.text);
    assert.deepEqual(granted.json().plans, ['premium']);
  }
  assert.equal(
    (await call('/app/acme/', { as: 'kenneth' })).status,
    402,
    'the subscription of another profile does not count',
  );
  assert.equal((await call('/app/unknown/', { as: 'xia' })).status, 404);
  assert.equal(
    (await call('/app/acme/', { as: 'donny' })).status,
    200,
    'a manager of the broker may open every profile',
  );

  await app.database.db.updateTable('subscriptions').set({ ends_at: at }).where('id', '=', subscription.id).execute();
  await call('/api/proxy', { as: 'donny', method: 'PATCH', body: {} });
  assert.equal((await call('/app/acme/', { as: 'xia' })).status, 402);
});

test('a stopped application is a page for browsers and a code for programs', async () => {
  await rules([{ path: '/', allow: 0 }]);
  await call('/api/proxy', { as: 'donny', method: 'PATCH', body: { entry_point: 'http://127.0.0.1:1/' } });
  const program = await call('/x', { as: 'xia' });
  assert.equal(program.status, 503);
  assert.equal(program.json().code, 'upstream_unreachable');
  const posted = await call('/x', { method: 'POST', body: 'x'.repeat(200_000) });
  assert.equal(posted.status, 503);
  const page = await call('/x', { as: 'xia', headers: html });
  assert.equal(page.status, 503);
  assert.match(page.text, /<h1/);
  assert.doesNotMatch(page.text, /127\.0\.0\.1:1/, 'the page does not contain the address of the application');
  const helped = await call('/x', { as: 'donny', headers: html });
  assert.match(helped.text, /127\.0\.0\.1:1/);
  assert.doesNotMatch(helped.text, /eyJ/, 'no session is shown');
  await call('/api/proxy', { as: 'donny', method: 'PATCH', body: { entry_point: null } });
  assert.equal((await call('/x')).json().code, 'upstream_unset');
  await call('/api/proxy', { as: 'donny', method: 'PATCH', body: { entry_point: upstream_url } });
});

test('an application that does not respond in time is a 504', async () => {
  await rules([{ path: '/open', allow: 0 }]);
  const reply = await call('/open/slow');
  assert.equal(reply.status, 504);
  assert.equal(reply.json().code, 'upstream_slow');
});

test('a path of Tollgate is never forwarded, in any method or spelling', async () => {
  await rules([{ path: '/', allow: 0 }]);
  const wrong = await call('/api/proxy/engagement', { method: 'POST', body: {} });
  assert.equal(wrong.status, 405);
  assert.match(wrong.headers.get('allow') ?? '', /GET/);
  for (const target of [
    '/API/proxy',
    '/Api/Proxy/rules',
    '/api//proxy',
    '//api/proxy',
    '/api/proxy.',
    '/api%20/proxy',
    '/api/proxy%2Frules',
    '/api;x/proxy',
    '/%2561pi/proxy',
    '/x/..%253b/api/proxy',
    '/%EF%BD%81pi/proxy',
    '/HEALTHZ',
  ])
    assert.equal(await statusOf(target, 'Authorization: Bearer donny\r\n'), 400, target);
  const long = await call(`/api/proxy/sessions/${'x'.repeat(301)}`, { as: 'donny' });
  assert.deepEqual([long.status, long.json().code], [400, 'path_refused']);
  assert.match(long.json().detail, /longer than 300 characters/);
  assert.equal(await statusOf('/%61pi/proxy'), 401, 'the router decodes once and the guard decides');
  assert.equal(await statusOf('/open/api/proxy/echo'), 200);
  assert.equal(await statusOf('/api/unknown'), 403, 'an unknown path below /api/ belongs to the application');
});

const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'PUT' };

test('a CORS preflight reaches the application under any rule, without cookies, session and body', async () => {
  await rules([{ path: '/open', allow: 5 }]);
  const reply = await call('/open/echo', {
    method: 'OPTIONS',
    headers: { ...preflight, cookie: 'sessionid=xia; theme=dark' },
  });
  assert.equal(reply.status, 200, reply.text);
  const names = (reply.json().headers as string[]).map((part) => part.toLowerCase());
  assert.ok(!names.includes('authorization') && !names.includes('cookie'));
  assert.equal(reply.json().body_bytes, 0);
});

test('any other OPTIONS request must be granted by the rule', async () => {
  await rules([{ path: '/open', allow: 5 }]);
  const refused = [
    await call('/open/echo', { method: 'OPTIONS' }),
    await call('/open/echo', { method: 'OPTIONS', headers: preflight, body: 'x' }),
    await call('/open/echo', { method: 'OPTIONS', headers: { origin: preflight.origin } }),
    await call('/open/echo', { method: 'OPTIONS', headers: { 'access-control-request-method': 'PUT' } }),
    await call('/open/echo', { method: 'OPTIONS', headers: { ...preflight, origin: '' } }),
    await call('/open/echo', { method: 'OPTIONS', headers: { ...preflight, 'access-control-request-method': '' } }),
    await call('/open/echo', { method: 'OPTIONS', headers: { ...preflight, 'access-control-request-method': 'a b' } }),
  ];
  assert.deepEqual(
    refused.map(({ status }) => status),
    refused.map(() => 401),
  );
  const chunked = await raw(
    `OPTIONS /open/echo HTTP/1.1\r\nOrigin: https://shop.example\r\nAccess-Control-Request-Method: PUT\r\nTransfer-Encoding: chunked\r\n`,
    '1\r\nx\r\n0\r\n\r\n',
  );
  assert.match(chunked, /^HTTP\/1\.1 401 /);
  assert.equal((await call('/open/echo', { method: 'OPTIONS', as: 'donny' })).status, 200);
});

test('an unsafe cross-origin request with a cookie of the site is refused', async () => {
  await rules([{ path: '/open', allow: 0 }]);
  const post = (headers: Headers, method = 'POST') => call('/open/echo', { method, body: 'x', headers });
  const cookie = 'sessionid=xia';
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${app.origin}.evil.example` },
  ] as Headers[]) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const reply = await post({ cookie, ...headers }, method);
      assert.deepEqual([reply.status, reply.json().code], [403, 'cross_site'], JSON.stringify(headers));
    }
    assert.equal((await post(headers)).status, 200, 'a request without a cookie has no session to abuse');
  }
  assert.equal((await post({ cookie, 'sec-fetch-site': 'same-origin', origin: app.origin })).status, 200);
  assert.equal((await post({ cookie })).status, 200, 'programs send neither header');
  assert.equal((await post({ authorization: 'Bearer xia', origin: 'https://evil.example' })).status, 200);
  const read = await call('/open/echo', { headers: { cookie, 'sec-fetch-site': 'cross-site' } });
  assert.equal(read.status, 200, 'a link from another site works');
  const preflighted = await call('/open/echo', { method: 'OPTIONS', headers: { ...preflight, cookie } });
  assert.equal(preflighted.status, 200);
});

test('HEAD counts as GET', async () => {
  await rules([{ path: '/app/{profile}/', allow: 3 }]);
  assert.equal((await call('/app/acme/', { as: 'carol', method: 'HEAD' })).status, 200);
  assert.equal((await call('/app/acme/', { as: 'carol', method: 'POST', body: 'x' })).status, 403);
  assert.equal((await call('/app/acme/', { as: 'kenneth', method: 'HEAD' })).status, 403);
});

test('names in a path and in a rule are compared without case', async () => {
  await rules([
    { path: '/app/{profile}/', allow: 3 },
    { path: '/board/', allow: '4/{"profile": "ACME", "roledescription": "Contributor"}' },
    { path: '/plan/{profile}/', allow: '15/{"plan": "Premium"}' },
  ]);
  for (const path of ['/app/ACME/', '/app/Acme/', '/board/'])
    assert.equal((await call(path, { as: 'carol' })).status, 200, path);
  const refused = await call('/plan/ACME/', { as: 'kenneth' });
  assert.notEqual(refused.json().code, 'plan_unknown');
  assert.notEqual(refused.json().code, 'profile_unknown');
});

async function socketTo(path: string, headers: Headers): Promise<string[]> {
  const socket = new WebSocket(`${app.origin.replace('http', 'ws')}${path}`, { headers });
  const heard: string[] = [];
  return new Promise((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      heard.push(String(data));
      if (heard.length === 1) socket.send('ping '.repeat(100));
      else socket.close();
    });
    socket.addEventListener('close', () => resolve(heard));
    socket.addEventListener('error', () => resolve(['refused']));
  });
}

test('a WebSocket needs a granted request and gets the session, in both directions', async () => {
  await rules([
    { path: '/app/', allow: 1 },
    { path: '/', allow: 0 },
  ]);
  assert.deepEqual(await socketTo('/app/ws', { authorization: 'Bearer xia' }), ['hello xia', 'ping '.repeat(100)]);
  assert.deepEqual(await socketTo('/open/ws', {}), ['hello visitor', 'ping '.repeat(100)]);
  assert.deepEqual(await socketTo('/app/ws', {}), ['refused']);
  assert.deepEqual(await socketTo('/closed/ws', {}), ['refused'], 'refused by the application itself');
});

test('a cross-origin WebSocket with cookies of the site is refused', async () => {
  await rules([{ path: '/app/', allow: 1 }]);
  assert.deepEqual(await socketTo('/app/ws', { cookie: 'sessionid=xia', origin: 'https://evil.example' }), ['refused']);
  assert.equal((await socketTo('/app/ws', { cookie: 'sessionid=xia', origin: app.origin }))[0], 'hello xia');
});

test('an upgrade is refused with the same problem as any request', async () => {
  const { port } = new URL(app.origin);
  const upgrade = async (more: string) => {
    const socket = connect(Number(port), '127.0.0.1');
    const headers = 'Connection: Upgrade\r\nUpgrade: websocket\r\nAccept: application/json';
    socket.write(`GET /app/ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}\r\n${more}\r\n`);
    return Buffer.concat(await socket.toArray()).toString();
  };
  const anonymous = await upgrade('');
  assert.match(anonymous, /^HTTP\/1\.1 401 /);
  assert.match(anonymous, /"code":"credentials_required"/);
  const foreign = await upgrade('Cookie: sessionid=xia\r\nOrigin: https://evil.example\r\n');
  assert.match(foreign, /^HTTP\/1\.1 403 /);
  assert.match(foreign, /"code":"cross_site"/);
  const fetched = await upgrade('Cookie: sessionid=xia\r\nSec-Fetch-Site: cross-site\r\n');
  assert.match(fetched, /"code":"cross_site"/);
});

test('one client cannot use all streams, and a stream above its share is refused immediately', async () => {
  await rules([{ path: '/open', allow: 0 }]);
  const leaving = new AbortController();
  const streams = await Promise.all(
    Array.from({ length: 128 }, () =>
      fetch(`${app.origin}/open/stream?count=1000&ms=1000`, {
        headers: { authorization: 'Bearer xia', accept: 'application/json' },
        signal: leaving.signal,
      }),
    ),
  );
  assert.equal(streams.filter(({ status }) => status === 200).length, 4);
  const refused = streams.find(({ status }) => status === 503);
  assert.equal(refused?.headers.get('retry-after'), '5');
  assert.equal(((await refused?.json()) as { code: string }).code, 'upstream_busy');
  for (const as of ['kenneth', undefined, 'xia']) {
    const started = performance.now();
    assert.equal((await call('/open/echo', as === undefined ? {} : { as })).status, 200);
    assert.ok(performance.now() - started < 2000);
  }
  leaving.abort();
  await sleep(100);
  const again = await fetch(`${app.origin}/open/stream?count=1&ms=1`, { headers: { authorization: 'Bearer xia' } });
  assert.equal(again.status, 200);
});

test('slow uploads of one client leave places for other users', async () => {
  await rules([{ path: '/open', allow: 0 }]);
  const sockets = Array.from({ length: 128 }, () => {
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
    const head = `POST /open/echo HTTP/1.1\r\nHost: ${new URL(app.origin).host}\r\nAuthorization: Bearer xia\r\n`;
    socket.write(`${head}Content-Length: 1000000\r\n\r\nx`);
    socket.on('error', () => socket.destroy());
    return socket;
  });
  await sleep(200);
  const started = performance.now();
  assert.equal((await call('/open/echo', { as: 'kenneth' })).status, 200);
  assert.ok(performance.now() - started < 2000);
  for (const socket of sockets) socket.destroy();
});

test('a body that arrives too slowly is refused with body_too_slow', async () => {
  await rules([{ path: '/open', allow: 0 }]);
  const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
  const head = `POST /open/echo HTTP/1.1\r\nHost: ${new URL(app.origin).host}\r\nAccept: application/json\r\n`;
  socket.write(`${head}Content-Length: 1000000\r\n\r\n`);
  // The application reads the whole body first; its time to respond starts after it.
  const trickle = setInterval(() => socket.write('x'), 200);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  clearInterval(trickle);
  socket.destroy();
  assert.match(reply.toString(), /^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*"code":"body_too_slow"/i);
});

test('no connection remains after the clients of tunnels close theirs, before or after the switch', async () => {
  await rules([{ path: '/open', allow: 0 }]);
  const count = () =>
    new Promise<number>((resolve, reject) => {
      app.http.server.getConnections((error, connections) => (error ? reject(error) : resolve(connections)));
    });
  const handshake = (path: string) => {
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
    const headers =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${new URL(app.origin).host}\r\n${headers}\r\n\r\n`);
    return socket;
  };
  app.http.server.closeIdleConnections();
  await sleep(50);
  const before = await count();
  for (const path of ['/open/ws', '/open/slow']) {
    for (const leave of ['end', 'destroy'] as const) {
      const socket = handshake(path);
      if (path === '/open/ws') await once(socket, 'data');
      else await sleep(50);
      socket[leave]();
      socket.resume();
    }
  }
  let left = await count();
  for (let round = 0; round < 60 && left > before; round++) {
    await sleep(50);
    left = await count();
  }
  assert.ok(left <= before, `${left} connections, ${before} before`);
});

test('visits are in the session, and counted after the next batch', async () => {
  await rules([{ path: '/app/', allow: 1, engaged: 'app, docs' }]);
  const first = (await call('/app/', { as: 'kenneth' })).json().session;
  assert.equal(first.last_visited, null);
  assert.deepEqual(first.first_time_tags, ['app', 'docs']);
  const second = (await call('/app/', { as: 'kenneth' })).json().session;
  assert.equal(second.last_visited, app.clock.now().toISOString());
  assert.equal('first_time_tags' in second, false);
  let { json } = await call('/api/proxy/engagement', { as: 'donny' });
  for (let round = 0; round < 40 && json().engagements.length === 0; round++) {
    await sleep(50);
    ({ json } = await call('/api/proxy/engagement', { as: 'donny' }));
  }
  assert.deepEqual(json().engagements, [
    { slug: 'app', count: 1 },
    { slug: 'docs', count: 1 },
  ]);
  const users = await call('/api/proxy/engagement/users', { as: 'donny' });
  assert.deepEqual(users.json().results, [{ username: 'kenneth', engagements: ['app', 'docs'] }]);
});

test('a granted request that is not forwarded gets the front page or the home of a profile of the caller, otherwise 404', async () => {
  await rules([
    { path: '/app/', allow: 1, is_forward: false },
    { path: '/', allow: 0, is_forward: false },
  ]);
  const front = await call('/', { headers: html });
  assert.equal(front.status, 200);
  assert.match(front.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  assert.equal((await call('/app/acme/', { as: 'xia', headers: html })).status, 200);
  assert.equal((await call('/app/acme/', { as: 'kenneth', headers: html })).status, 403);
  const only = await call('/app/', { as: 'kenneth', headers: html });
  assert.equal(only.location, '/app/kenneth/');
  const several = await call('/app/', { as: 'xia', headers: html });
  assert.match(several.text, /\/app\/acme\//);
  assert.equal((await call('/app', { as: 'alice', headers: html })).location, '/app/cowork/');
  const newcomer = await makeUser(app.database.db, { username: 'newcomer' });
  assert.equal((await call('/app/', { as: newcomer.username, headers: html })).location, '/profile/');
  for (const path of [
    '/nowhere',
    '/saas/billing/receipt',
    '/base',
    '/_menubar',
    '/rules/forward_error',
    '/notification/user_welcome',
    '/login/otp',
    '/404',
    '/index.html',
  ]) {
    assert.equal((await call(path, { headers: html })).status, 404, path);
  }
});

test('a moved rule shifts the ranks between both places', async () => {
  await rules(['/A', '/B', '/C', '/D'].map((path) => ({ path, allow: 0 })));
  const move = async (updates: unknown) => {
    const { status, json, text } = await call('/api/proxy/rules', {
      as: 'donny',
      method: 'PATCH',
      body: updates as object,
    });
    assert.equal(status, 200, text);
    return (json().results as { rank: number; path: string }[])
      .map(({ rank, path }) => `${rank}:${path.slice(1)}`)
      .join(' ');
  };
  assert.equal(await move({ updates: [{ oldpos: 3, newpos: 1 }] }), '1:C 2:A 3:B 4:D');
  assert.equal(await move([{ oldpos: 1, newpos: 4 }]), '1:A 2:B 3:D 4:C');
  assert.equal(await move({ updates: [{ oldpos: 9, newpos: 1 }] }), '1:A 2:B 3:D 4:C');
  const put = await call('/api/proxy/rules/C', { as: 'donny', method: 'PUT', body: { rank: 2, allow: 1 } });
  assert.deepEqual(put.json(), { rank: 2, path: '/C', allow: '1', is_forward: true, engaged: '' });
  assert.equal(await move([]), '1:A 2:C 3:B 4:D');
  assert.equal((await call('/api/proxy/rules/C/', { as: 'donny', method: 'DELETE' })).status, 204);
  assert.equal(await move([]), '1:A 2:B 3:D');
  const top = await call('/api/proxy/rules', { as: 'donny', method: 'POST', body: { path: 'new' } });
  assert.deepEqual(top.json(), { rank: 1, path: '/new', allow: '1', is_forward: true, engaged: '' });
  const middle = await call('/api/proxy/rules', {
    as: 'donny',
    method: 'POST',
    body: { path: '/mid', rank: 2, allow: 0 },
  });
  assert.equal(middle.json().rank, 2);
  assert.equal(await move([]), '1:new 2:mid 3:A 4:B 5:D');
});

test('without a path no rule is created, changed or deleted, including the rule for all paths', async () => {
  await rules([
    { path: '/app/', allow: 1 },
    { path: '/', allow: 0 },
  ]);
  const count = async () => (await call('/api/proxy/rules', { as: 'donny' })).json().count as number;
  for (const [method, path] of [
    ['DELETE', '/api/proxy/rules'],
    ['DELETE', '/api/proxy/rules/'],
    ['DELETE', '/api/proxy/rules//'],
    ['PUT', '/api/proxy/rules'],
    ['PUT', '/api/proxy/rules/'],
  ] as const) {
    const refused = await call(path, { as: 'donny', method, ...(method === 'PUT' ? { body: { allow: 1 } } : {}) });
    assert.ok([404, 405].includes(refused.status), `${method} ${path}: ${refused.status}`);
  }
  for (const body of [{ rank: 9, allow: 1 }, { path: '' }, {}]) {
    const refused = await call('/api/proxy/rules', { as: 'donny', method: 'POST', body });
    assert.equal(refused.status, 400);
    assert.ok(Array.isArray(refused.json().path), refused.text);
  }
  assert.equal(await count(), 2);
  assert.equal((await call('/api/proxy/rules/%2F', { as: 'donny' })).json().path, '/');
  assert.equal((await call('/api/proxy/rules/%2F', { as: 'donny', method: 'DELETE' })).status, 204);
  assert.equal(await count(), 1);
});

test('a manager changes a rule with the body of 2019, which has the path', async () => {
  await rules(['/a/', '/b/', '/'].map((path) => ({ path, allow: 0 })));
  const patch = (body: object) => call('/api/proxy/rules', { as: 'donny', method: 'PATCH', body });
  const moved = await patch({ rank: 1, path: '/b/', allow: '1', engaged: 'docs' });
  assert.deepEqual(
    [moved.status, moved.json()],
    [200, { rank: 1, path: '/b/', allow: '1', is_forward: true, engaged: 'docs' }],
  );
  assert.equal((await patch({ path: '/', is_forward: false })).json().is_forward, false);
  assert.equal((await patch({ rank: 1, path: '/none/' })).json().code, 'rule_unknown');
  for (const body of [{}, { rank: 1 }, { updates: 3 }]) {
    const refused = await patch(body);
    assert.equal(refused.status, 400);
    assert.equal(typeof (refused.json().detail ?? ''), 'string', refused.text);
  }
});

test('concurrent moves leave each rank with one rule', async () => {
  await rules(['/A', '/B', '/C', '/D', '/E'].map((path) => ({ path, allow: 0 })));
  const moves = Array.from({ length: 12 }, (_, index) => ({ oldpos: (index % 5) + 1, newpos: ((index * 3) % 5) + 1 }));
  await Promise.all(moves.map((each) => call('/api/proxy/rules', { as: 'donny', method: 'PATCH', body: [each] })));
  const { json } = await call('/api/proxy/rules', { as: 'donny' });
  assert.deepEqual(
    (json().results as { rank: number }[]).map(({ rank }) => rank),
    [1, 2, 3, 4, 5],
  );
});

test('an invalid rule is refused with the field', async () => {
  await rules([{ path: '/app/', allow: 1 }]);
  const post = (body: object) => call('/api/proxy/rules', { as: 'donny', method: 'POST', body });
  const twice = await post({ path: 'app' });
  assert.deepEqual([twice.status, twice.json().code], [400, 'rule_exists']);
  for (const [body, field] of [
    [{ path: '/a*' }, 'path'],
    [{ path: '/a b' }, 'path'],
    [{ path: '/../x' }, 'path'],
    [{ path: '/b', allow: 19 }, 'allow'],
    [{ path: '/b', allow: '2/{' }, 'allow'],
    [{ path: '/b', allow: 'x' }, 'allow'],
    [{ path: '/b', engaged: 'x'.repeat(51) }, 'engaged'],
    [{ path: '/b', rank: 'x' }, 'rank'],
  ] as const) {
    const { status, json } = await post(body);
    assert.equal(status, 400);
    assert.ok(Array.isArray(json()[field]), JSON.stringify(json()));
  }
  for (const method of ['GET', 'DELETE']) {
    const unknown = await call('/api/proxy/rules/none', { as: 'donny', method });
    assert.deepEqual([unknown.status, unknown.json().code], [404, 'rule_unknown']);
  }
  assert.equal((await call('/api/proxy/rules', { as: 'xia' })).status, 403);
  assert.equal((await call('/api/proxy/rules', { as: 'alice' })).status, 200);
  assert.equal((await call('/api/proxy/rules', { as: 'alice', method: 'POST', body: { path: '/b' } })).status, 403);
});

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

/** Returns the value of the header with the session. */
async function forwardedSession(path: string, as: string): Promise<string> {
  const headers = (await call(path, { as })).json().headers as string[];
  return headers[headers.findIndex((part) => part.toLowerCase() === 'authorization') + 1] ?? '';
}

const claimsOf = (header: string) => JSON.parse(Buffer.from(header.split('.')[1] ?? '', 'base64url').toString());

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
  const key = await rotateSessionKey(await app.makeContext(), app.secret);
  upstream.setKey(key);
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

test('the recent activity lists the sign-ins of today', async () => {
  await inTransaction(app.database.db, (tx) =>
    tx.updateTable('users').set({ last_login_at: app.clock.now() }).where('username', '=', 'xia').execute(),
  );
  const { json } = await call('/api/proxy/recent', { as: 'donny' });
  assert.deepEqual(json().results, [
    {
      slug: 'xia',
      printable_name: 'xia Tester',
      descr: 'recently logged in',
      created_at: app.clock.now().toISOString(),
      type: 'user',
    },
  ]);
});

test('a switch of protocols passes byte for byte, and one to another protocol is refused with 503', async () => {
  let response = '';
  const odd = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(Buffer.from(response, 'latin1')));
  }).listen(0, '127.0.0.1');
  await once(odd, 'listening');
  const { port } = odd.address() as AddressInfo;
  await rules([{ path: '/open', allow: 0 }]);
  await call('/api/proxy', { as: 'donny', method: 'PATCH', body: { entry_point: `http://127.0.0.1:${port}/` } });
  const handshake = async () => {
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
    socket.write(
      `GET /open/ws HTTP/1.1\r\nHost: ${new URL(app.origin).host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    return Buffer.concat(await socket.toArray()).toString('latin1');
  };
  try {
    response = 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nX-Odd: \u00e6\r\n\r\n\u0081\u0002hi';
    const switched = await handshake();
    assert.match(switched, /^HTTP\/1\.1 101 [^]*\r\nX-Odd: \u00e6\r\n/);
    assert.ok(switched.endsWith('\u0081\u0002hi'));
    response = 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n';
    assert.match(await handshake(), /^HTTP\/1\.1 503 /);
  } finally {
    odd.close();
    await call('/api/proxy', { as: 'donny', method: 'PATCH', body: { entry_point: upstream_url } });
  }
});
