import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { echoSocket } from './echo-socket.ts';
import { sessionPage, sessionView } from './page.ts';
import { readSession, type Session } from './session.ts';

/** The key shared with the gateway; several during a rotation; a function when it is looked up for each request. */
export type SharedKey = string | readonly string[] | (() => Promise<string>);

export interface UpstreamAppOptions {
  /** Without a key no request has a session. */
  key?: SharedKey;
  /** The clock that decides whether sessions and subscriptions have ended; the system clock by default. */
  now?: () => Date;
  /** Paths that need no session: every client that reaches this server may request them. */
  open_paths?: readonly string[];
}

type Responder = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export interface UpstreamApp {
  readonly server: Server;
  /** Accepts sessions signed with these keys from now on. */
  setKey(key: SharedKey): void;
  /** Listens on a loopback port, any free one by default; returns the address. */
  listen(port?: number): Promise<string>;
  close(): Promise<void>;
}

/** Handlers by the last segment of the path; any other path shows the session. */
const responders: Readonly<Record<string, Responder>> = {
  echo,
  slow,
  stream,
  large,
  status,
};

/** Makes an application behind the gateway, which trusts only the signed session. */
export function createUpstreamApp(options: UpstreamAppOptions = {}): UpstreamApp {
  const { key = [], now = () => new Date(), open_paths = [] } = options;
  let shared = key;
  const sessionOf = async ({ headers }: IncomingMessage) =>
    readSession(headers.authorization, await keysOf(shared), now());
  const isOpen = (path: string) => open_paths.some((prefix) => path.startsWith(prefix));

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://upstream');
    const session = await sessionOf(request);
    if (session === null && !isOpen(url.pathname)) {
      // A client that bypasses the gateway has no session.
      json(response, 403, { detail: 'There is no session: reach this application through its gateway.' });
      return;
    }
    if (session !== null) response.setHeader('User-Session', session.username);
    const special = responders[url.pathname.split('/').findLast((segment) => segment !== '') ?? ''];
    if (special) special(request, response, url);
    else show(request, response, url, session, now());
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  server.on('upgrade', (request, socket) => {
    void sessionOf(request).then((session) => {
      const { pathname } = new URL(request.url ?? '/', 'http://upstream');
      if (session !== null || isOpen(pathname)) echoSocket(request, socket, `hello ${session?.username ?? 'visitor'}`);
      else socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
  });
  return {
    server,
    setKey(fresh) {
      shared = fresh;
    },
    async listen(port = 0) {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function keysOf(key: SharedKey): Promise<readonly string[]> {
  if (typeof key === 'function') return [await key()];
  return typeof key === 'string' ? [key] : key;
}

function show(request: IncomingMessage, response: ServerResponse, url: URL, session: Session | null, now: Date): void {
  if (session === null) {
    json(response, 200, { username: null, path: url.pathname });
  } else if ((request.headers.accept ?? '').includes('text/html')) {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(sessionPage(session, url.pathname, now));
  } else {
    json(response, 200, sessionView(session, url.pathname, now));
  }
}

/** Returns the request as received: method, address, headers in order, size and beginning of the body. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  let body_bytes = 0;
  let beginning = '';
  request.on('data', (chunk: Buffer) => {
    if (body_bytes < 1000) beginning += chunk.toString('utf8');
    body_bytes += chunk.length;
  });
  request.on('end', () => {
    const { method, url, rawHeaders } = request;
    json(response, 200, { method, url, headers: rawHeaders, body_bytes, body: beginning.slice(0, 1000) });
  });
}

/** Responds after `ms`. */
function slow(_request: IncomingMessage, response: ServerResponse, url: URL): void {
  const timer = setTimeout(() => json(response, 200, { detail: 'At last.' }), numberOf(url, 'ms', 300_000));
  response.on('close', () => clearTimeout(timer));
}

/** Sends `count` events, one each `ms`. */
function stream(_request: IncomingMessage, response: ServerResponse, url: URL): void {
  const count = numberOf(url, 'count', 10);
  let sent = 0;
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.flushHeaders();
  const timer = setInterval(
    () => {
      sent += 1;
      response.write(`id: ${sent}\ndata: ${sent} of ${count}\n\n`);
      if (sent < count) return;
      clearInterval(timer);
      response.end();
    },
    numberOf(url, 'ms', 200),
  );
  response.on('close', () => clearInterval(timer));
}

/** Sends `bytes` of zeros with one block in memory. */
function large(_request: IncomingMessage, response: ServerResponse, url: URL): void {
  const bytes = numberOf(url, 'bytes', 1_000_000);
  const block = Buffer.alloc(65_536);
  function* blocks() {
    for (let sent = 0; sent < bytes; sent += block.length)
      yield block.subarray(0, Math.min(block.length, bytes - sent));
  }
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': String(bytes) });
  pipeline(Readable.from(blocks()), response, () => {
    // A client that disconnects ends the response; no clean-up is needed.
  });
}

/** Responds with the status `code`, without a body; redirects point to `/elsewhere`. */
function status(_request: IncomingMessage, response: ServerResponse, url: URL): void {
  const code = numberOf(url, 'code', 204);
  response.writeHead(code, code >= 300 && code < 304 ? { Location: '/elsewhere' } : {});
  response.end();
}

function json(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

function numberOf(url: URL, name: string, otherwise: number): number {
  const value = url.searchParams.get(name);
  return value !== null && /^[0-9]{1,12}$/.test(value) ? Number(value) : otherwise;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { key: { type: 'string' }, port: { type: 'string', default: '8001' } } });
  if (values.key === undefined) {
    console.error('usage: node server.ts --key KEY [--port 8001]');
    process.exit(2);
  }
  const address = await createUpstreamApp({ key: values.key }).listen(Number(values.port));
  console.log(`The application listens on ${address}/`);
}
