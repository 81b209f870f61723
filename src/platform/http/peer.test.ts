import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { request } from 'node:http';
import { test } from 'node:test';
import fastify from 'fastify';
import { makeFindPeer } from './peer.ts';

/** Fields of proxies, well-formed and not. */
const cases: readonly Record<string, string>[] = [
  {},
  { 'x-forwarded-for': '203.0.113.9' },
  {
    'x-forwarded-for': '6.6.6.6, 203.0.113.9',
    'x-forwarded-host': 'a.example, b.example',
    'x-forwarded-proto': 'https',
  },
  { 'x-forwarded-for': '203.0.113.9, 127.0.0.1', 'x-forwarded-proto': 'http,https' },
  { 'x-forwarded-for': 'unknown', 'x-forwarded-host': '', 'x-forwarded-proto': '' },
  { 'x-forwarded-for': ' , ,203.0.113.9 ,', 'x-forwarded-host': ' c.example ' },
  { 'x-forwarded-for': '2001:db8::1' },
];

for (const trusted of [[], ['127.0.0.1'], ['loopback'], ['10.0.0.0/8'], ['127.0.0.1', '203.0.113.0/24']])
  test(`the peer of a request behind ${JSON.stringify(trusted)} is that of Fastify`, async () => {
    const findPeer = makeFindPeer(trusted);
    const app = fastify({ trustProxy: trusted.length > 0 ? trusted : false });
    app.get('/', async ({ ip, host, protocol, raw }) => ({ expected: { ip, host, protocol }, found: findPeer(raw) }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo; // it listens on TCP
    try {
      for (const headers of cases) {
        const sent = request({ port, host: '127.0.0.1', headers: { ...headers, connection: 'close' } }).end();
        const [response] = await once(sent, 'response');
        const { expected, found } = JSON.parse(Buffer.concat(await response.toArray()).toString());
        assert.deepEqual(found, expected, JSON.stringify(headers));
      }
    } finally {
      await app.close();
    }
  });
