import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { Readable } from 'node:stream';
import { createUpstreamApp } from '../../../examples/upstream-app/index.ts';
import { type Forwarder, makeForwarder } from './forward.ts';
import { UpstreamFailure } from './upstream-failure.ts';
import { upstreamUrl } from './upstream-request.ts';
import { buildRequestHeaders } from './forward-headers.ts';
import type { Place } from './upstream-shares.ts';

const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing.reverse()) await close();
});

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** A place in a pool that is never full. */
const place: Place = { kind: 'request', becomeStream: () => true, release: () => undefined };

const options = {
  headers_timeout_ms: 400,
  connect_timeout_ms: 400,
  idle_ms: 60_000,
  private_addresses_allowed: true,
};

/** Starts a server that forwards every request without rules. */
async function gatewayTo(entry_point: string, forwarder: Forwarder = makeForwarder(options)): Promise<string> {
  closing.push(() => forwarder.close());
  return listen(
    createServer((request: IncomingMessage, response: ServerResponse) => {
      const has_body =
        request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
      const headers = buildRequestHeaders(
        request.rawHeaders,
        { ip: '203.0.113.9', scheme: 'https', host: 'site.test', request_id: 'r1' },
        { session: null, further: new Set(['x-custom']) },
      );
      forwarder
        .forward(
          {
            entry_point,
            method: request.method ?? 'GET',
            target: request.url ?? '/',
            headers,
            request_id: 'r1',
            transport_policy: null,
            body: has_body ? request : null,
          },
          response,
          place,
        )
        .catch((error: unknown) => {
          if (response.destroyed) return;
          response.statusCode = error instanceof UpstreamFailure && error.reason === 'slow' ? 504 : 503;
          response.end(error instanceof UpstreamFailure ? error.reason : String(error));
        });
    }),
  );
}

const app = createUpstreamApp({ key: 'k'.repeat(40), open_paths: ['/'] });
const upstream = await app.listen();
closing.push(() => app.close());
const gateway = await gatewayTo(`${upstream}/`);

test('the path of the entry point comes first, with one slash between', () => {
  assert.equal(upstreamUrl('https://b.example.com/', '/app/').path, '/app/');
  assert.equal(upstreamUrl('https://b.example.com/base/', '/app/?a=1').path, '/base/app/?a=1');
  assert.equal(upstreamUrl('https://b.example.com:8443/base', '/').origin, 'https://b.example.com:8443');
});

test('method, query, body and headers reach the upstream with the added headers, and the response returns', async () => {
  const reply = await fetch(`${gateway}/x/echo?a=%2F&b`, {
    method: 'PATCH',
    headers: {
      'content-type': 'text/plain',
      'x-custom': 'kept',
      'x-forwarded-for': '6.6.6.6',
      authorization: 'Basic zzz',
    },
    body: 'hello',
  });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('x-request-id'), 'r1');
  const seen = (await reply.json()) as { method: string; url: string; headers: string[]; body: string };
  assert.deepEqual([seen.method, seen.url, seen.body], ['PATCH', '/x/echo?a=%2F&b', 'hello']);
  const headers = seen.headers.map((part) => part.toLowerCase());
  assert.ok(headers.includes('x-custom') && headers.includes('site.test') && headers.includes('203.0.113.9'));
  assert.ok(!headers.includes('6.6.6.6') && !headers.includes('authorization'));
});

test('responses without a body keep their status', async () => {
  for (const code of [204, 304, 404, 500]) {
    const reply = await fetch(`${gateway}/status?code=${code}`);
    assert.equal(reply.status, code);
    assert.equal(await reply.text(), '');
  }
});

test('redirects are passed to the caller and not followed', async () => {
  const reply = await fetch(`${gateway}/status?code=302`, { redirect: 'manual' });
  assert.equal(reply.status, 302);
  assert.equal(reply.headers.get('location'), '/elsewhere');
});

test('HEAD returns the headers of GET', async () => {
  const reply = await fetch(`${gateway}/large?bytes=12345`, { method: 'HEAD' });
  assert.equal(reply.headers.get('content-length'), '12345');
  assert.equal(await reply.text(), '');
});

test('the first event of a stream arrives before the second is sent, and the headers before the first', async () => {
  const started = performance.now();
  const reply = await fetch(`${gateway}/stream?count=2&ms=300`);
  assert.ok(performance.now() - started < 250, 'headers within 250 ms');
  assert.ok(reply.body);
  const reader = reply.body.getReader();
  const first = await reader.read();
  assert.match(Buffer.from(first.value ?? []).toString(), /data: 1 of 2/);
  assert.ok(performance.now() - started < 590, 'first event within 590 ms');
  await reader.cancel();
});

/** Starts a gateway in a separate process, so that its memory can be measured. */
async function startGatewayProcess(): Promise<{ url: string; rssPeak: () => Promise<number> }> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', gatewayProcess, new URL('./forward.ts', import.meta.url).href, upstream],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  closing.push(() => child.kill());
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${line.toString().trim()}`;
  return { url, rssPeak: async () => Number(await (await fetch(`${url}/rss`)).text()) };
}

const gatewayProcess = `
  import { createServer } from 'node:http';
  const [, forward, entry_point] = process.argv;
  const { makeForwarder } = await import(forward);
  const forwarder = makeForwarder({ headers_timeout_ms: 5000, connect_timeout_ms: 500, idle_ms: 60000, private_addresses_allowed: true });
  const server = createServer((request, response) => {
    if (request.url === '/rss') return response.end(String(process.resourceUsage().maxRSS * 1024));
    const body = request.method === 'POST' ? request : null;
    forwarder.forward({ entry_point, method: request.method, target: request.url, headers: [], request_id: 'r1', transport_policy: null, body }, response, { kind: 'request', becomeStream: () => true, release() {} }).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

test('600 MB stream in each direction, and a caller that does not read causes no buffering of 600 MB', async () => {
  const { url, rssPeak } = await startGatewayProcess();
  await (await fetch(`${url}/large?bytes=1000`)).arrayBuffer();
  const before = await rssPeak();
  const bytes = 600 * 1024 * 1024;

  const down = await fetch(`${url}/large?bytes=${bytes}`);
  let received = 0;
  for await (const chunk of down.body ?? []) received += (chunk as Uint8Array).length;
  assert.equal(received, bytes);

  const block = Buffer.alloc(1 << 20);
  const up = httpRequest(`${url}/echo`, { method: 'POST' });
  Readable.from(
    (function* () {
      for (let sent = 0; sent < bytes; sent += block.length) yield block;
    })(),
  ).pipe(up);
  const [reply] = (await once(up, 'response')) as [IncomingMessage];
  const seen = JSON.parse(Buffer.concat(await reply.toArray()).toString()) as { body_bytes: number };
  assert.equal(seen.body_bytes, bytes);

  const idle = connect(Number(new URL(url).port), '127.0.0.1');
  idle.write(`GET /large?bytes=${bytes} HTTP/1.1\r\nHost: x\r\n\r\n`);
  idle.pause();
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
  idle.destroy();

  const grown_mb = Math.round(((await rssPeak()) - before) / 1048576);
  // Far below the forwarded bytes, and above the memory that is free for collection on a busy machine.
  assert.ok(grown_mb < 200, `grew by ${grown_mb} MB`);
});

test('a stopped upstream is unreachable, for requests with and without a body', async () => {
  const closed = createTcpServer();
  closed.listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  const lost = await gatewayTo(`http://127.0.0.1:${port}`);
  for (const init of [{}, { method: 'POST', body: 'x'.repeat(300_000) }]) {
    const reply = await fetch(lost, init);
    assert.equal(reply.status, 503);
    assert.equal(await reply.text(), 'unreachable');
  }
});

test('an upstream that does not begin its response in time is slow', async () => {
  const reply = await fetch(`${gateway}/slow`);
  assert.equal(reply.status, 504);
  const posted = await fetch(`${gateway}/slow`, { method: 'POST', body: 'x' });
  assert.equal(posted.status, 504);
});

test('an upstream that accepts and never responds is slow, one with an invalid response is unreachable', async () => {
  for (const [banner, status] of [
    ['', 504],
    ['SSH-2.0-OpenSSH\r\n', 503],
  ] as const) {
    const server = createTcpServer((socket) => {
      socket.on('error', () => socket.destroy());
      if (banner !== '') socket.write(banner);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const odd = await gatewayTo(`http://127.0.0.1:${port}`);
    assert.equal((await fetch(odd)).status, status);
    server.close();
  }
});

test('a response that the upstream cuts is cut for the caller, without a regular end', async () => {
  const half = await listen(
    createServer((_request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('only this');
      setTimeout(() => response.destroy(), 50);
    }),
  );
  const reply = await fetch(await gatewayTo(half));
  assert.equal(reply.status, 200);
  await assert.rejects(reply.text());
});

test('a caller that closes its connection ends the request to the upstream', async () => {
  const gone = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const patient = await listen(
    createServer((_request, response) => {
      arrived.resolve();
      response.on('close', () => gone.resolve());
    }),
  );
  const leaving = httpRequest(
    `${await gatewayTo(patient, makeForwarder({ ...options, headers_timeout_ms: 60_000 }))}/`,
  );
  leaving.on('error', () => undefined);
  leaving.end();
  await arrived.promise;
  leaving.destroy();
  await gone.promise;
});

test('a request on an idle connection that the upstream closes is retried', async () => {
  let connections_count = 0;
  const server = createServer((_request, response) => response.end('ok'));
  server.keepAliveTimeout = 1;
  server.on('connection', () => {
    connections_count += 1;
  });
  const flaky = await gatewayTo(await listen(server));
  for (let round = 0; round < 30; round++) {
    const reply = await fetch(flaky);
    assert.equal(await reply.text(), 'ok');
    await new Promise((resolve) => {
      setTimeout(resolve, round % 4);
    });
  }
  assert.ok(connections_count >= 1);
});

test('no connection is opened to a private entry point unless the setting allows it', async () => {
  const forwarder = makeForwarder({ ...options, private_addresses_allowed: false });
  for (const entry_point of [
    upstream,
    upstream.replace('127.0.0.1', 'localhost'),
    upstream.replace('127.0.0.1', '[::ffff:127.0.0.1]'),
  ]) {
    assert.equal((await fetch(await gatewayTo(entry_point, forwarder))).status, 503);
  }
});

test('headers that are not ASCII pass byte for byte', async () => {
  const odd = await listen(
    createServer((_request, response) => {
      response.writeHead(200, { 'X-Name': Buffer.from('é…', 'utf8').toString('latin1') });
      response.end();
    }),
  );
  const reply = await fetch(await gatewayTo(odd));
  assert.equal(Buffer.from(reply.headers.get('x-name') ?? '', 'latin1').toString('utf8'), 'é…');
});

/** Starts a TCP server that writes its HTTP responses as text. */
async function tcp(talk: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy());
    talk(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the response of an upstream that refuses an upload and resets the connection reaches the caller', async () => {
  for (let round = 0; round < 20; round++) {
    const refusing = await tcp((socket) => {
      socket.once('data', () => {
        socket.pause();
        // Unread data in the socket makes the system reset the connection.
        socket.end('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntoo big', () => {
          socket.destroy();
        });
      });
    });
    const reply = await fetch(await gatewayTo(refusing), { method: 'POST', body: 'x'.repeat(8_000_000) });
    assert.equal(reply.status, 413);
    assert.equal(await reply.text(), 'too big');
  }
});

test('a 204 or 304 with a length loses it, and the next request on the connection succeeds', async () => {
  for (const status of ['204 No Content', '304 Not Modified']) {
    const odd = await gatewayTo(
      await tcp((socket) => {
        socket.on('data', () => socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\nX-Odd: 1\r\n\r\n`));
      }),
    );
    for (let round = 0; round < 2; round++) {
      const reply = await fetch(odd);
      assert.equal(reply.status, Number(status.slice(0, 3)));
      assert.equal(reply.headers.get('x-odd'), '1');
      assert.equal(reply.headers.get('content-length'), null);
    }
  }
});

test('a 205 keeps its status and loses its body', async () => {
  const odd = await tcp((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello'));
  });
  const reply = await fetch(await gatewayTo(odd));
  assert.deepEqual([reply.status, await reply.text()], [205, '']);
});

test('a response whose reason phrase is not ASCII arrives without the phrase', async () => {
  const odd = await tcp((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 良い\r\nContent-Length: 5\r\n\r\nhello'));
  });
  const reply = await fetch(await gatewayTo(odd));
  assert.deepEqual([reply.status, await reply.text()], [200, 'hello']);
});

test('a response in a transfer coding that is not decoded is not passed on', async () => {
  const odd = await tcp((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'));
  });
  assert.equal((await fetch(await gatewayTo(odd))).status, 503);
});

const impatient = makeForwarder({ ...options, headers_timeout_ms: 5000, idle_ms: 300 });

test('an upload of one byte per second is ended', async () => {
  const { port } = new URL(await gatewayTo(upstream, impatient));
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n');
  const trickle = setInterval(() => socket.write('x'), 100);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  clearInterval(trickle);
  socket.destroy();
  assert.match(reply.toString(), /caller_slow/);
});

test('an upload that makes progress has no time limit', async () => {
  const { port } = new URL(await gatewayTo(upstream, impatient));
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\nConnection: close\r\n\r\n');
  for (let sent = 0; sent < 40_000; sent += 4000) {
    socket.write('x'.repeat(4000));
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  assert.match(Buffer.concat(await socket.toArray()).toString(), /"body_bytes":40000/);
});

test('a response without progress is cut, an event stream is not', async () => {
  const silent = (type: string) =>
    listen(
      createServer((_request, response) => {
        response.writeHead(200, { 'Content-Type': type });
        response.write('begin');
        setTimeout(() => response.end('end'), 1200);
      }),
    );
  const stalled = await fetch(await gatewayTo(await silent('text/plain'), impatient));
  await assert.rejects(stalled.text());
  const events = await fetch(await gatewayTo(await silent('text/event-stream'), impatient));
  assert.equal(await events.text(), 'beginend');
});

test('a response that the caller does not read is cut', async () => {
  const { port } = new URL(await gatewayTo(upstream, impatient));
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('GET /large?bytes=500000000 HTTP/1.1\r\nHost: x\r\n\r\n');
  socket.pause();
  // Five times `idle_ms`: the gateway measures real time, and the socket must not be read meanwhile.
  await new Promise((resolve) => {
    setTimeout(resolve, 1500);
  });
  let received = 0;
  socket.on('error', () => undefined);
  for await (const chunk of socket) received += (chunk as Buffer).length;
  assert.ok(received < 400_000_000, `${received} bytes`);
});
