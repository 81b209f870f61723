import type { IncomingMessage, ServerResponse } from 'node:http';
import assert from 'node:assert/strict';
import type { Logger } from 'pino';
import type { Context } from '../context.ts';
import type { Site } from '../site.ts';
import type { App, HttpOptions } from './app.ts';
import type { Caller } from './build-context.ts';
import { type CountedRequests, countRequest } from './guards/limit-requests.ts';
import { hasClearHost } from './guards/request-framing.ts';
import { makeRequestId } from './request-id.ts';
import { logRequest } from './request-log.ts';
import { keepResumed, type ResumedRequest } from './resumed-requests.ts';

/** Facts that the memory path reads without waiting; undefined for a fact that is not in memory. */
export interface PeekedFacts {
  site(): Site | undefined;
  /** As `Authenticate`. */
  authenticate(credentials: {
    authorization: string | undefined;
    session_cookie: string | undefined;
  }): Caller | 'invalid' | null | undefined;
}

/** A request whose context is known without a query. */
export interface PeekedRequest {
  readonly id: string;
  readonly started_at_ms: number;
  readonly method: 'GET' | 'HEAD';
  readonly ctx: Context;
  /** Counts the request against the limit of its caller; false if the limit is reached. */
  count(): boolean;
  /** Writes the line of the request. */
  log(status: number): void;
}

/** Returns null for a request that the router must serve. */
export type PeekRequest = (request: IncomingMessage) => PeekedRequest | null;

/** Serves a request, or returns false without any effect: the router then serves it. Never throws. */
export type ServeFromMemory = (request: IncomingMessage, response: ServerResponse) => boolean;

const url_length_max = 2048;
/** Values that ask for nothing but the end of the connection. */
const plain_connections = new Set<string | undefined>([undefined, 'keep-alive', 'Keep-Alive', 'close']);
/** Fields of requests with a body, an upgrade or a coding that the hooks of the router check. */
const declined_fields = [
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
  'trailer',
  'te',
  'http2-settings',
  'proxy-connection',
] as const;

/** Gives a request to the router after the memory path began it. The response must not have begun. */
export function resumeInRouter(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  identity: ResumedRequest,
): void {
  keepResumed(request, identity);
  app.routing(request, response);
}

/** Puts `serve` before the router. */
export function serveFirst(app: App, serve: ServeFromMemory): void {
  assert.equal(app.server.listenerCount('request'), 1, 'the router is the only listener before the program listens');
  app.server.removeAllListeners('request');
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!serve(request, response)) app.routing(request, response);
  });
}

/**
 * Makes the function that checks what the hooks of the router check, for the plain requests only: GET or HEAD without
 * body in HTTP/1.1, one valid Host, ordinary connection, caller and site in memory, valid credentials or none.
 */
export function makePeekRequest(app: App, options: HttpOptions, peeked: PeekedFacts): PeekRequest {
  const names = app.cookieNames;
  // Its members are those of a request; a child logger per request would cost as much as the line.
  const log: Logger = options.log;
  return (raw) => {
    const started_at_ms = performance.now();
    const { method, headers } = raw;
    if ((method !== 'GET' && method !== 'HEAD') || options.isStopping() || !isPlain(raw)) return null;
    const cookies = headers.cookie === undefined ? no_cookies : app.parseCookie(headers.cookie);
    const { authorization } = headers;
    const session_cookie = cookies[names.session];
    const site = peeked.site();
    if (site === undefined) return null;
    const caller =
      authorization === undefined && session_cookie === undefined
        ? null
        : peeked.authenticate({ authorization, session_cookie });
    if (caller === undefined || caller === 'invalid') return null;
    return new Peeked(options.requests, started_at_ms, method, app.makeContext({ raw, cookies, log, site, caller }));
  };
}

const no_cookies: Readonly<Record<string, string | undefined>> = {};

class Peeked implements PeekedRequest {
  readonly id = makeRequestId();
  readonly started_at_ms: number;
  readonly method: 'GET' | 'HEAD';
  readonly ctx: Context;
  readonly #requests: CountedRequests;
  constructor(requests: CountedRequests, started_at_ms: number, method: 'GET' | 'HEAD', ctx: Context) {
    this.#requests = requests;
    this.started_at_ms = started_at_ms;
    this.method = method;
    this.ctx = ctx;
  }
  count(): boolean {
    return countRequest(this.#requests, 'forwarded', this.ctx)?.is_allowed !== false;
  }
  log(status: number): void {
    const { method, started_at_ms, ctx } = this;
    logRequest(ctx.log, 'info', { method, route: '/*', status, started_at_ms, actor: ctx.actor }, { reqId: this.id });
  }
}

function isPlain(raw: IncomingMessage): boolean {
  const { url = '', headers, httpVersion } = raw;
  if (httpVersion !== '1.1' || !url.startsWith('/') || url.length > url_length_max) return false;
  if (!plain_connections.has(headers.connection)) return false;
  for (const name of declined_fields) if (headers[name] !== undefined) return false;
  return hasClearHost(raw);
}
