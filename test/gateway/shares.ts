import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { app, call, rules } from './site.ts';

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
