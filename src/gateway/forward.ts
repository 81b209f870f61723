import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, type Duplex } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { publicConnector } from '#platform/public-address';
import { responseHeaders } from './forward-headers.ts';

export interface OutgoingRequest {
  /** Address of the application; its path, if any, goes before ours. */
  readonly entry_point: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  readonly request_id: string;
  /** Strict-Transport-Security of the site, or null on http. */
  readonly transport_policy: string | null;
  /** The caller's request when it has a body, else null. */
  readonly body: IncomingMessage | null;
}

export interface ForwarderOptions {
  /** How long the upstream may take to begin its answer, once it has the whole request. */
  readonly headers_timeout_ms: number;
  readonly connect_timeout_ms: number;
  readonly connections_max: number;
  readonly private_addresses_allowed: boolean;
}

export interface Forwarder {
  /**
   * Sends the request on and streams the answer into `response`; resolves when the answer has begun.
   * @throws UpstreamFailure as long as nothing was answered; later failures cut the answer off
   */
  forward(request: OutgoingRequest, response: ServerResponse): Promise<void>;
  /**
   * Opens a connection that both sides then write to freely.
   * Answers the upstream's refusal instead of the connection when it does not switch protocols.
   */
  upgrade(request: OutgoingRequest, protocol: string): Promise<Upgraded | Refused>;
  close(): Promise<void>;
}

export interface Upgraded {
  readonly kind: 'upgraded';
  readonly headers: readonly string[];
  readonly socket: Duplex;
}

export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly headers: readonly string[];
}

/** The upstream gave no answer: it cannot be reached, it took too long, or the caller left before. */
export class UpstreamFailure extends Error {
  readonly reason: 'unreachable' | 'slow' | 'caller_gone';
  constructor(reason: UpstreamFailure['reason'], cause: unknown) {
    super(`the upstream is ${reason}`, { cause });
    this.name = 'UpstreamFailure';
    this.reason = reason;
  }
}

const response_header_bytes_max = 65_536;
const methods_without_effect = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Makes the keep-alive pools through which every forwarded request leaves. */
export function makeForwarder(options: ForwarderOptions): Forwarder {
  const { headers_timeout_ms, connect_timeout_ms, connections_max, private_addresses_allowed } = options;
  const agent = new Agent({
    connections: connections_max,
    pipelining: 1,
    headersTimeout: headers_timeout_ms,
    // An event stream may be silent for hours.
    bodyTimeout: 0,
    maxHeaderSize: response_header_bytes_max,
    connect: private_addresses_allowed ? { timeout: connect_timeout_ms } : publicConnector(connect_timeout_ms),
  });

  return {
    async forward(request, response) {
      try {
        await exchange(agent, request, response, headers_timeout_ms);
      } catch (error) {
        if (!mayRetry(request, error)) throw error;
        // The upstream closed an idle connection just as it was picked: nothing was lost but that connection.
        await exchange(agent, request, response, headers_timeout_ms);
      }
    },
    upgrade: async (request, protocol) => handshake(agent, request, protocol),
    close: async () => agent.destroy(),
  };
}

/** Adds our path to that of the entry point with one slash between them. */
export function upstreamUrl(entry_point: string, target: string): { origin: string; path: string; hostname: string } {
  const { origin, pathname, hostname } = new URL(entry_point);
  return { origin, path: `${pathname.replace(/\/+$/, '')}${target}`, hostname };
}

async function exchange(
  agent: Agent,
  request: OutgoingRequest,
  response: ServerResponse,
  headers_timeout_ms: number,
): Promise<void> {
  const body = request.body === null ? null : readableCopy(request.body);
  return new Promise<void>((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let state: 'waiting' | 'answering' | 'over' = 'waiting';

    const fail = (error: unknown, reason?: UpstreamFailure['reason']) => {
      if (state === 'over') return;
      const was = state;
      end();
      if (was === 'waiting') reject(new UpstreamFailure(reason ?? reasonOf(error), error));
      else response.destroy();
    };
    const end = () => {
      state = 'over';
      clearTimeout(queued);
      response.off('close', callerGone);
      response.off('drain', drained);
    };
    const callerGone = () => {
      const error = new Error('the caller closed the connection');
      fail(error, 'caller_gone');
      controller?.abort(error);
    };
    const drained = () => controller?.resume();
    // All connections are taken: the time in the queue counts as well.
    const queued = setTimeout(() => {
      fail(new Error('no connection to the upstream became free'), 'slow');
      body?.destroy();
    }, headers_timeout_ms);
    queued.unref();

    response.on('close', callerGone);
    response.on('drain', drained);
    dispatch(agent, request, body, {
      onRequestStart(started) {
        clearTimeout(queued);
        controller = started;
        if (state === 'over') started.abort(new Error('given up while waiting'));
      },
      onResponseStart(started, status, _headers, status_text) {
        if (state !== 'waiting' || status < 200) return;
        state = 'answering';
        response.writeHead(status, status_text, responseHeaders(rawHeaders(started), { ...request, status }));
        // An event stream shows its headers before its first event.
        setImmediate(() => {
          if (state === 'answering') response.flushHeaders();
        });
        resolve();
      },
      onResponseData(started, chunk) {
        if (!response.write(chunk)) started.pause();
      },
      onResponseEnd() {
        end();
        response.end();
      },
      onResponseError(_controller, error) {
        fail(error);
      },
    });
  });
}

async function handshake(agent: Agent, request: OutgoingRequest, protocol: string): Promise<Upgraded | Refused> {
  return new Promise((resolve, reject) => {
    dispatch(
      agent,
      request,
      null,
      {
        onRequestStart() {
          // Required by the dispatcher; a handshake is not aborted half-way but timed out.
        },
        onRequestUpgrade(controller, _status, _headers, socket) {
          resolve({
            kind: 'upgraded',
            headers: responseHeaders(rawHeaders(controller), { ...request, status: 101 }),
            socket,
          });
        },
        onResponseStart(controller, status) {
          if (status < 200) return;
          resolve({
            kind: 'refused',
            status,
            headers: responseHeaders(rawHeaders(controller), { ...request, status }),
          });
          controller.abort(new Error('the upstream did not switch protocols'));
        },
        onResponseError(_controller, error) {
          reject(new UpstreamFailure(reasonOf(error), error));
        },
      },
      protocol,
    );
  });
}

function dispatch(
  agent: Agent,
  request: OutgoingRequest,
  body: PassThrough | null,
  handler: Dispatcher.DispatchHandler,
  upgrade: string | null = null,
): void {
  const { origin, path, hostname } = upstreamUrl(request.entry_point, request.target);
  const options = {
    origin,
    path,
    method: request.method,
    headers: [...request.headers],
    body,
    upgrade,
    // TLS is negotiated with the upstream's own name, whatever Host it is told.
    servername: hostname,
  };
  agent.dispatch(options, handler);
}

/**
 * A copy of the caller's body that may be destroyed: the caller's socket must outlive a failed upstream
 * for the refusal to be told.
 */
function readableCopy(source: IncomingMessage): PassThrough {
  const copy = new PassThrough();
  // The dispatcher hears of the failure by its own handler.
  copy.on('error', () => source.unpipe(copy));
  copy.on('close', () => source.resume());
  source.on('close', () => {
    if (!source.complete) copy.destroy(new Error('the caller closed the connection'));
  });
  source.pipe(copy);
  return copy;
}

function rawHeaders(controller: Dispatcher.DispatchController): string[] {
  const raw = controller.rawHeaders;
  if (!Array.isArray(raw)) return [];
  // Byte for byte: what is not ASCII leaves as it came.
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}

function mayRetry(request: OutgoingRequest, error: unknown): boolean {
  if (request.body !== null || !methods_without_effect.has(request.method)) return false;
  return error instanceof UpstreamFailure && ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error.cause));
}

function reasonOf(error: unknown): UpstreamFailure['reason'] {
  return codeOf(error) === 'UND_ERR_HEADERS_TIMEOUT' ? 'slow' : 'unreachable';
}

/** Code of a network error, for people who look for the cause; '' when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
