import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, call, type Headers, raw, rules } from './site.ts';

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
