import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { startApp, type TestApp } from '../../../../test/support/start-app.ts';
import { respondToParserError } from './request-framing.ts';

let app: TestApp;
let host: string;
const lines: string[] = [];
before(async () => {
  const log = pino(
    { level: 'info', formatters: { level: (level) => ({ level }) } },
    { write: (line) => lines.push(line) },
  );
  app = await startApp({ log });
  host = new URL(await app.tollgate.listen()).host;
});
after(() => app.close());

async function send(text: string): Promise<{ status: number; code: unknown }> {
  const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
  socket.write(Buffer.from(text, 'latin1'));
  const reply = Buffer.concat(await socket.toArray()).toString();
  const [head = '', body = ''] = reply.split('\r\n\r\n');
  const json = body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), code: json === '' ? null : JSON.parse(json).code };
}

const end = '\r\nAccept: application/json\r\nConnection: close\r\n';
const hosts = (value: string) => `GET /api HTTP/1.1\r\n${value}${end}\r\n`;
const post = (fields: string, body: string) => `POST /app/ HTTP/1.1\r\nHost: ${host}${end}${fields}\r\n${body}`;

for (const [value, what] of [
  ['Host: a\r\nHost: b', 'two different Host fields'],
  ['Host: a\r\nhOST: a', 'the same Host twice'],
  ['Host: a b', 'a Host with a blank'],
  ['Host: a/b', 'a Host with a slash'],
  ['Host: a@b', 'a Host with user information'],
  ['Host: a, b', 'a list of hosts'],
  ['Host: a:b', 'a port that is no number'],
  ['Host: a:65536', 'a port beyond 65535'],
  ['Host: [::1', 'an unclosed address'],
  ['Host:', 'an empty Host'],
  ['X: 1', 'no Host'],
] as const) {
  test(`a request with ${what} is refused with host_invalid`, async () => {
    assert.deepEqual(await send(hosts(value)), { status: 400, code: 'host_invalid' });
  });
}

test('names, addresses and ports are accepted as Host, and none in HTTP/1.0', async () => {
  for (const value of [
    'a.example',
    'A.example:80',
    '127.0.0.1:8000',
    '[::1]:8000',
    'xn--bcher-kva.example',
    'under_score',
  ])
    assert.equal((await send(hosts(`Host: ${value}`))).status, 200, value);
  assert.equal((await send('GET /api HTTP/1.0\r\n\r\n')).status, 200);
});

test('a transfer coding other than chunked is refused with 501, for forwarded requests and pages alike', async () => {
  const refusal = { status: 501, code: 'transfer_coding_unsupported' };
  for (const coding of ['gzip, chunked', 'deflate, chunked', 'x, chunked'])
    assert.deepEqual(await send(post(`Transfer-Encoding: ${coding}\r\n`, '0\r\n\r\n')), refusal, coding);
});

test('a request that the parser refuses gets a response with a code', async () => {
  const malformed = { status: 400, code: 'malformed_request' };
  assert.deepEqual(await send(post('Content-Length: 1\r\nContent-Length: 2\r\n', 'ab')), malformed);
  assert.deepEqual(await send(post('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')), malformed);
  assert.deepEqual(
    await send(post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')),
    malformed,
  );
  assert.deepEqual(await send(post('Transfer-Encoding: identity\r\n', '')), malformed);
  assert.deepEqual(await send(post('Content-Length: -1\r\n', '')), malformed);
  lines.length = 0;
  assert.deepEqual(await send('hello\r\n\r\n'), malformed);
  assert.match(lines.join(''), /"reason":"HPE_INVALID_/);
  assert.deepEqual(await send('POST /api HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'), malformed);
  assert.deepEqual(await send(`FOO / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), malformed);
  assert.deepEqual(await send(`GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\u0000b\r\n\r\n`), malformed);
  assert.deepEqual(await send(`GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`), {
    status: 431,
    code: 'headers_too_large',
  });
  assert.deepEqual(await send(hosts(`Host: ${host}\r\nExpect: something`)), {
    status: 417,
    code: 'expectation_failed',
  });
});

test('a method that no route supports gets 405 and the supported methods', async () => {
  for (const method of ['TRACE', 'PROPFIND', 'QUERY', 'PURGE'])
    for (const path of ['/api', '/app/']) {
      const text = `${method} ${path} HTTP/1.1\r\nHost: ${host}${end}\r\n`;
      assert.deepEqual(await send(text), { status: 405, code: 'method_not_allowed' }, `${method} ${path}`);
    }
});

test('CONNECT is refused with method_not_allowed', async () => {
  const reply = await send(`CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n`);
  assert.deepEqual(reply, { status: 405, code: 'method_not_allowed' });
});

test('headers that do not arrive in time are refused with request_timeout', async () => {
  const server = createServer((socket) => {
    respondToParserError(
      Object.assign(new Error('timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }),
      socket,
      pino({ level: 'silent' }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const reply = Buffer.concat(await connect(port, '127.0.0.1').toArray()).toString();
  server.close();
  assert.match(reply, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"code":"request_timeout"/);
});

test('an address that is too long gets 414 as JSON or page, and a log line with the cause only', async () => {
  const path = `/${'a'.repeat(9000)}`;
  assert.deepEqual(await send(`GET ${path} HTTP/1.1\r\nHost: ${host}${end}\r\n`), {
    status: 414,
    code: 'address_too_long',
  });
  lines.length = 0;
  const reply = await app.http.inject({ url: path, headers: { accept: 'text/html' } });
  assert.equal(reply.statusCode, 414);
  assert.match(reply.body, /The address of the request is too long/);
  const logged = lines.map((line) => JSON.parse(line) as { level: string; code?: string; err?: unknown });
  assert.ok(logged.some(({ code }) => code === 'address_too_long'));
  assert.ok(logged.every(({ err }) => err === undefined));
});
