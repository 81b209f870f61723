import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { app, call, html, rules, upstream_url, type Headers } from './site.ts';

test('a granted request reaches the application with the session of the caller', async () => {
  await rules([
    { path: '/app/', allow: 1 },
    { path: '/', allow: 0, is_forward: false },
  ]);
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
