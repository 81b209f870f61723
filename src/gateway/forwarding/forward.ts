import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, type Duplex } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { codeOfError } from '#platform/http/replies/error-code';
import { isEventStream, watchTransfer } from './transfer-watch.ts';
import { responseHeaders } from './forward-headers.ts';
import { upstreamConnector } from './upstream-connector.ts';
import type { Place } from './upstream-shares.ts';

export interface OutgoingRequest {
  /** Address of the application; its path, if any, goes before the path of the request. */
  readonly entry_point: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly request_id: string;
  /** Strict-Transport-Security of the site, or null on http. */
  readonly transport_policy: string | null;
  /** The caller's request when it has a body, else null. */
  readonly body: IncomingMessage | null;
}

export interface ForwarderOptions {
  /** Time in which the upstream must begin its response, once it has the whole request. */
  readonly headers_timeout_ms: number;
  readonly connect_timeout_ms: number;
  readonly idle_ms: number;
  readonly private_addresses_allowed: boolean;
}

export interface Forwarder {
  /**
   * Forwards the request and streams the response into `response`; resolves when the response has begun.
   * The caller releases `place` when `response` closes.
   * @throws UpstreamFailure until the response has begun; later failures destroy `response`
   */
  forward(request: OutgoingRequest, response: ServerResponse, place: Place): Promise<Started>;
  /**
   * Opens a connection on which both sides then write freely.
   * Returns the upstream's response instead of the connection when it does not switch protocols.
   * Aborting `signal` gives up the handshake.
   */
  upgrade(request: OutgoingRequest, protocol: string, signal: AbortSignal): Promise<Upgraded | Refused>;
  close(): Promise<void>;
}

export interface Started {
  /** An event stream: open until either side ends it. */
  readonly is_event_stream: boolean;
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

export type FailureReason = 'unreachable' | 'slow' | 'caller_gone' | 'caller_slow' | 'busy';

/** The upstream gave no response: unreachable, too slow, or the caller left, sent its body too slowly or has no stream left. */
export class UpstreamFailure extends Error {
  readonly reason: FailureReason;
  constructor(reason: FailureReason, cause: unknown) {
    super(`the upstream is ${reason}`, { cause });
    this.name = 'UpstreamFailure';
    this.reason = reason;
  }
}

const response_header_bytes_max = 65_536;
/** Time in which a caller may finish a body that nobody reads, so that it can read the response. */
const unread_body_ms = 10_000;
/** Others are left out: no client depends on the phrase, and Node writes no character beyond Latin-1. */
const reason_phrase = /^[\t\x20-\x7e]*$/;
const methods_without_effect = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Makes the keep-alive pool through which every forwarded request leaves. Its size is bounded by the places. */
export function makeForwarder(options: ForwarderOptions): Forwarder {
  const { headers_timeout_ms, connect_timeout_ms, private_addresses_allowed } = options;
  const agent = new Agent({
    pipelining: 1,
    headersTimeout: headers_timeout_ms,
    // Bodies are bounded by `watchTransfer`, which knows event streams and slow callers.
    bodyTimeout: 0,
    maxHeaderSize: response_header_bytes_max,
    connect: upstreamConnector(connect_timeout_ms, private_addresses_allowed),
  });

  return {
    async forward(request, response, place) {
      try {
        return await exchange(agent, request, response, { place, idle_ms: options.idle_ms });
      } catch (error) {
        if (!mayRetry(request, error)) throw error;
        // The upstream closed an idle connection when it was picked: only that connection is lost.
        return exchange(agent, request, response, { place, idle_ms: options.idle_ms });
      }
    },
    upgrade: async (request, protocol, signal) => handshake(agent, request, protocol, signal),
    close: async () => agent.destroy(),
  };
}

/** Joins the path of the entry point and that of the request with one slash between them. */
export function upstreamUrl(entry_point: string, target: string): { origin: string; path: string; hostname: string } {
  const { origin, pathname, hostname } = new URL(entry_point);
  return { origin, path: `${pathname.replace(/\/+$/, '')}${target}`, hostname };
}

async function exchange(
  agent: Agent,
  request: OutgoingRequest,
  response: ServerResponse,
  { place, idle_ms }: { place: Place; idle_ms: number },
): Promise<Started> {
  const body = request.body === null ? null : readableCopy(request.body);
  return new Promise<Started>((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let state: 'waiting' | 'answering' | 'over' = 'waiting';
    let has_content = true;

    const fail = (error: unknown, reason?: FailureReason) => {
      if (state === 'over') return;
      const was = state;
      end();
      controller?.abort(error instanceof Error ? error : new Error(String(error)));
      if (was === 'waiting') reject(new UpstreamFailure(reason ?? reasonOf(error), error));
      else response.destroy();
    };
    const end = () => {
      state = 'over';
      watch.stop();
      response.off('close', callerGone);
      response.off('drain', drained);
    };
    const callerGone = () => fail(new Error('the caller closed the connection'), 'caller_gone');
    const drained = () => {
      watch.responseMoved();
      controller?.resume();
    };
    const watch = watchTransfer({ body: request.body, copy: body, response, place, idle_ms }, (reason, cause) => {
      fail(cause, reason);
      body?.destroy();
    });

    response.on('close', callerGone);
    response.on('drain', drained);
    dispatch(agent, request, body, {
      onRequestStart(started) {
        controller = started;
        if (state === 'over') started.abort(new Error('given up while waiting'));
      },
      onResponseStart(started, status, headers, status_text) {
        if (state !== 'waiting' || status < 200) return;
        const refusal = refuseResponse(headers, place);
        if (refusal) {
          fail(refusal.cause, refusal.reason);
          return;
        }
        const is_event_stream = isEventStream(headers['content-type']);
        const reason = reason_phrase.test(status_text ?? '') ? (status_text ?? '') : '';
        response.writeHead(status, reason, responseHeaders(rawHeaders(started), { ...request, status }));
        state = 'answering';
        has_content = status !== 205;
        watch.responseStarted(is_event_stream);
        // An event stream shows its headers before its first event.
        setImmediate(() => {
          if (state === 'answering') response.flushHeaders();
        });
        resolve({ is_event_stream });
      },
      onResponseData(started, chunk) {
        watch.responseMoved();
        if (has_content && !response.write(chunk)) started.pause();
      },
      onResponseEnd() {
        end();
        response.end();
        if (request.body) closeUnlessRead(request.body);
      },
      onResponseError(_controller, error) {
        fail(error);
      },
    });
  });
}

/** A response that cannot be passed on: an event stream without a free place, a transfer coding that is not decoded. */
function refuseResponse(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  place: Place,
): { reason: FailureReason; cause: Error } | null {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && String(coding).trim().toLowerCase() !== 'chunked')
    return { reason: 'unreachable', cause: new Error(`the upstream used the transfer coding ${String(coding)}`) };
  if (isEventStream(headers['content-type']) && !place.becomeStream())
    return { reason: 'busy', cause: new Error('the caller has no stream left') };
  return null;
}

/** Ends a connection whose request body is not read to its end: the response was sent before it arrived. */
function closeUnlessRead(body: IncomingMessage): void {
  if (body.complete) return;
  const timer = setTimeout(() => body.destroy(), unread_body_ms);
  timer.unref();
  body.once('close', () => clearTimeout(timer));
  body.once('end', () => clearTimeout(timer));
}

async function handshake(
  agent: Agent,
  request: OutgoingRequest,
  protocol: string,
  signal: AbortSignal,
): Promise<Upgraded | Refused> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    const giveUp = () => {
      const error = new Error('the caller closed the connection');
      controller?.abort(error);
      reject(new UpstreamFailure('caller_gone', error));
    };
    signal.addEventListener('abort', giveUp, { once: true });
    dispatch(
      agent,
      request,
      null,
      {
        onRequestStart(started) {
          controller = started;
          if (signal.aborted) giveUp();
        },
        onRequestUpgrade(started, _status, headers, socket) {
          signal.removeEventListener('abort', giveUp);
          if (String(headers['upgrade']).toLowerCase() !== protocol) {
            socket.destroy();
            reject(new UpstreamFailure('unreachable', new Error('the upstream switched to another protocol')));
            return;
          }
          if (signal.aborted) socket.destroy();
          resolve({
            kind: 'upgraded',
            headers: responseHeaders(rawHeaders(started), { ...request, status: 101 }),
            socket,
          });
        },
        onResponseStart(started, status) {
          if (status < 200) return;
          resolve({ kind: 'refused', status, headers: responseHeaders(rawHeaders(started), { ...request, status }) });
          started.abort(new Error('the upstream did not switch protocols'));
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
    // TLS is negotiated with the upstream's own name, regardless of the Host that is sent.
    servername: hostname,
  };
  agent.dispatch(options, handler);
}

/**
 * A copy of the caller's body that may be destroyed: the caller's socket must stay open when the upstream fails,
 * so that the refusal can be sent.
 */
function readableCopy(source: IncomingMessage): PassThrough {
  const copy = new PassThrough();
  // The dispatcher learns of the failure by its own handler.
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
  // Byte for byte: text that is not ASCII leaves unchanged.
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}

function mayRetry(request: OutgoingRequest, error: unknown): boolean {
  if (request.body !== null || !methods_without_effect.has(request.method)) return false;
  if (!(error instanceof UpstreamFailure) || error.reason !== 'unreachable') return false;
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOfError(error.cause));
}

function reasonOf(error: unknown): FailureReason {
  return codeOfError(error) === 'UND_ERR_HEADERS_TIMEOUT' ? 'slow' : 'unreachable';
}
