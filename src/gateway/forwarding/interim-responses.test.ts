import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { makeForwarder } from './forward.ts';
import { UpstreamFailure } from './upstream-failure.ts';
import type { Place } from './upstream-shares.ts';

const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing.reverse()) await close();
});

const place: Place = { kind: 'request', becomeStream: () => true, release: () => undefined };
const final = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-final: yes\r\n\r\nhello';
const unasked = 'HTTP/1.1 100 Continue\r\n\r\n';
const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n';
const processing = 'HTTP/1.1 102 Processing\r\n\r\n';

/** Starts an upstream that writes the parts one by one as its response, and a gateway before it. */
async function gatewayTo(parts: readonly string[]) {
  const sockets = new Set<Socket>();
  const upstream = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      if (!String(data).includes('\r\n\r\n')) return;
      void (async () => {
        for (const part of parts) {
          socket.write(part);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const forwarder = makeForwarder({
    headers_timeout_ms: 1000,
    connect_timeout_ms: 1000,
    idle_ms: 60_000,
    private_addresses_allowed: true,
  });
  const entry_point = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const gateway = createServer((request, response) => {
    const body = request.headers['content-length'] === undefined ? null : request;
    const method = request.method ?? 'GET';
    const outgoing = { entry_point, method, target: '/', request_id: 'r1', transport_policy: null, body };
    const headers = body ? ['content-length', String(request.headers['content-length'])] : [];
    forwarder.forward({ ...outgoing, headers }, response, place).catch((error: unknown) => {
      response.statusCode = 503;
      response.end(error instanceof UpstreamFailure ? String((error.cause as Error).message) : String(error));
    });
  });
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  closing.push(async () => {
    gateway.closeAllConnections();
    gateway.close();
    await forwarder.close();
    for (const socket of sockets) socket.destroy();
    upstream.close();
  });
  return { url: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`, connections: () => sockets.size };
}

const chains: [string, string[]][] = [
  ['a 100 that was not asked for', [unasked, final]],
  ['a 100 in one packet with the response', [unasked + final]],
  ['a 100 cut in two', [unasked.slice(0, 11), unasked.slice(11) + final]],
  ['103, 100, 102 and 100', [hints, unasked, processing, unasked, final]],
  ['64 interim responses', [...Array.from({ length: 64 }, () => unasked), final]],
];

for (const [name, parts] of chains)
  test(`the upstream sends ${name} before its response: the caller receives the response`, async () => {
    const { url, connections } = await gatewayTo(parts);
    for (const init of [{}, { method: 'POST', body: 'x' }, {}]) {
      const reply = await fetch(url, init);
      assert.deepEqual([reply.status, await reply.text(), reply.headers.get('x-final')], [200, 'hello', 'yes']);
      assert.equal(reply.headers.get('link'), null, 'fields of an interim response are not those of the response');
    }
    assert.equal(connections(), 1, 'the connection is used again');
  });

test('an upstream that sends more than 64 interim responses is a 503', async () => {
  const { url } = await gatewayTo([...Array.from({ length: 65 }, () => hints), final]);
  const reply = await fetch(url);
  assert.deepEqual([reply.status, await reply.text()], [503, 'the upstream sent too many 1xx']);
});

test('a body that reads like a 100 is not changed', async () => {
  const body = `${unasked}tail`;
  const { url } = await gatewayTo([`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`, body]);
  assert.equal(await (await fetch(url)).text(), body);
});
