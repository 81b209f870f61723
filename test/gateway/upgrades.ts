import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'undici';
import { app, call, type Headers, rules, upstream_url } from './site.ts';

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
