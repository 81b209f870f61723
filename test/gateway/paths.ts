import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, raw, rules, statusOf } from './site.ts';

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
