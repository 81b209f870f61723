import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, scopeOf, type Fault, type PageAnswer } from '../engine/index.ts';
import { answerCall, type CallRequest } from './answer-call.ts';
import type { Emulator } from './emulator.ts';
import type { Answer } from './error-answer.ts';

const BODY_MAX = 1024 * 1024;
const TRICKLE_MS = 100;
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/;
const ODD_BODIES: Readonly<Record<string, { status: number; body: string; type: string }>> = {
  '500_no_error': { status: 500, body: '{"oops":1}', type: 'application/json' },
  '502_html': { status: 502, body: '<html><body>502 Bad Gateway</body></html>', type: 'text/html' },
  '200_html': { status: 200, body: '<html><body>Welcome</body></html>', type: 'text/html' },
};

/** Answers a page or a call of the control API; null for any other path. */
export type PageHandler = (request: CallRequest) => Promise<PageAnswer | null>;

interface Hooks {
  readonly pages: PageHandler;
  /** Sends what is due after a call; awaited before the answer when the switch says so. */
  readonly deliver: () => Promise<void>;
}

/** Returns the HTTP server of an emulator, not yet listening. */
export function makeServer(emulator: Emulator, hooks: Hooks): Server {
  return createServer((req, res) => {
    handle(emulator, hooks, req, res).catch((error: unknown) => {
      emulator.onBug(error);
      res.destroy();
    });
  });
}

async function handle(emulator: Emulator, hooks: Hooks, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://emulator');
  const body = await readBody(req);
  if (body === null) {
    write(res, {
      status: 413,
      headers: {},
      body: '{"error":{"type":"invalid_request_error","message":"The body is too large."}}',
    });
    return;
  }
  const request: CallRequest = {
    method: req.method ?? 'GET',
    pathname: url.pathname,
    query: url.search.slice(1),
    headers: headersOf(req),
    body,
  };
  if (url.pathname.startsWith('/_emulator') && !isOfThisMachine(req)) {
    const body = '{"error":{"message":"The control API answers programs and pages of this machine only."}}';
    write(res, { status: 403, headers: {}, body });
    return;
  }
  const page = (await hooks.pages(request)) ?? answerPage(emulator, request);
  if (page) {
    write(res, page);
    void hooks.deliver();
    return;
  }
  if (mayCutBefore(emulator, request)) {
    res.destroy();
    return;
  }
  const answer = await answerCall(emulator, request);
  if (emulator.settings.events_before_answer) await hooks.deliver();
  await writeAnswer(res, answer);
  void hooks.deliver();
}

/** True for a loopback caller, unless a browser sends it for a page of another origin or for another host name. */
function isOfThisMachine({ socket, headers }: IncomingMessage): boolean {
  const { host = '', origin } = headers;
  return (
    LOOPBACK.test(socket.remoteAddress ?? '') &&
    LOOPBACK_HOST.test(host) &&
    (origin === undefined || origin === `http://${host}`)
  );
}

/** Answers a page of a kind; null for any other path. */
function answerPage(emulator: Emulator, { method, pathname, query, body }: CallRequest): PageAnswer | null {
  const match = emulator.pages.find(method, pathname);
  if (!match) return null;
  emulator.tick();
  try {
    const answer = match.endpoint.handle({
      contextOf: (id) => {
        const row = emulator.world.row(id);
        return row ? emulator.contextOf(scopeOf(row.scope)) : null;
      },
      path: match.path,
      query: new URLSearchParams(query),
      form: new URLSearchParams(body),
    });
    emulator.commit();
    return answer;
  } catch (error) {
    emulator.world.rollback();
    const message = error instanceof ApiError ? error.message : 'The emulator failed.';
    if (!(error instanceof ApiError)) emulator.onBug(error);
    return {
      status: error instanceof ApiError ? error.status : 500,
      headers: { 'Content-Type': 'text/plain' },
      body: message,
    };
  }
}

/** `cut_before` as a header: the connection ends before the call is read. Rules are handled with the answer. */
function mayCutBefore(emulator: Emulator, { headers, method, pathname, body }: CallRequest): boolean {
  if (headers['tollgate-emulator-fault'] === 'cut_before') return true;
  const target = { method, path: pathname, account: headers['stripe-account'] ?? '', body };
  return emulator.faults.pick(target, 'cut').length > 0;
}

async function writeAnswer(res: ServerResponse, answer: Answer): Promise<void> {
  const find = (name: string): Fault | undefined => answer.faults.find((fault) => fault.name === name);
  if (find('cut_after')) {
    res.destroy();
    return;
  }
  const timeout = find('timeout');
  if (timeout) {
    await sleep(Number(timeout.values['ms'] ?? 30_000), undefined, { ref: false });
    res.destroy();
    return;
  }
  if (find('500_after')) {
    const body = '{"error":{"type":"api_error","message":"Sorry! There was an error."}}';
    write(res, { ...answer, status: 500, body });
    return;
  }
  for (const [name, { status, body, type }] of Object.entries(ODD_BODIES)) {
    if (find(name)) return write(res, { status, body, headers: { ...answer.headers, 'Content-Type': type } });
  }
  if (find('cut_body')) {
    res.writeHead(answer.status, { ...answer.headers, 'Content-Length': String(Buffer.byteLength(answer.body)) });
    res.write(answer.body.slice(0, answer.body.length >> 1), () => res.destroy());
    return;
  }
  const trickle = find('trickle');
  if (trickle) {
    res.writeHead(answer.status, answer.headers);
    for (const byte of Buffer.from(answer.body)) {
      if (res.destroyed) return;
      res.write(Buffer.of(byte));
      const ms = Number(trickle.values['ms'] ?? TRICKLE_MS);
      if (ms > 0) await sleep(ms, undefined, { ref: false });
    }
    res.end();
    return;
  }
  write(res, answer);
}

function write(res: ServerResponse, { status, headers, body }: PageAnswer): void {
  res.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
  res.end(body);
}

/** Returns the body, or null when it is longer than 1 MiB. */
async function readBody(req: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_MAX) chunks.push(chunk);
  }
  return size > BODY_MAX ? null : Buffer.concat(chunks).toString();
}

function headersOf(req: IncomingMessage): Record<string, string | undefined> {
  const entries = Object.entries(req.headers).map(([name, value]): [string, string | undefined] => [
    name,
    Array.isArray(value) ? value[0] : value,
  ]);
  return Object.fromEntries(entries);
}
