import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { checkEntryPoint } from './check-entry-point.ts';

const servers: ReturnType<typeof createServer>[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // it listens on a port
}

const allowed = { private_addresses_allowed: true };

test('the check reports the status of the response', async () => {
  const seen: { url: string | undefined; authorization: string | undefined }[] = [];
  const address = await serve((request, response) => {
    seen.push({ url: request.url, authorization: request.headers.authorization });
    response.writeHead(404).end('x'.repeat(100_000));
  });
  const check = await checkEntryPoint(`${address}base/`, allowed);
  assert.ok(check.kind === 'answered' && check.status === 404 && check.duration_ms >= 0);
  assert.deepEqual(seen, [{ url: '/base/', authorization: undefined }]);
});

test('a redirect is reported and not followed', async () => {
  let requests = 0;
  const address = await serve((_request, response) => {
    requests += 1;
    response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
  });
  const check = await checkEntryPoint(address, allowed);
  assert.ok(check.kind === 'answered' && check.status === 302);
  assert.equal(requests, 1);
});

test('the check reports the cause when no program listens on the address', async () => {
  assert.deepEqual(await checkEntryPoint('http://127.0.0.1:1/', allowed), {
    kind: 'failed',
    reason: 'The connection was refused: no program listens on that port.',
  });
});

test('the check reports a server that closes the connection without a response', async () => {
  const address = await serve((request) => request.socket.destroy());
  const check = await checkEntryPoint(address, allowed);
  assert.ok(check.kind === 'failed' && /closed before a response/.test(check.reason), JSON.stringify(check));
});

test('a private address is refused unless the setting that the message names allows it', async () => {
  await assert.rejects(checkEntryPoint('http://127.0.0.1:1/', { private_addresses_allowed: false }), (error: Error) =>
    JSON.stringify(error).includes('PRIVATE_ADDRESSES_ALLOWED'),
  );
});
