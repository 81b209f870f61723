import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { buildResponseHeaders } from './forward-headers.ts';
import { isEventStream, type TransferWatch, type TransferWatches } from './transfer-watch.ts';
import { type FailureReason, findFailureReason, UpstreamFailure } from './upstream-failure.ts';
import { dispatchRequest, type OutgoingRequest, rawHeaders } from './upstream-request.ts';
import type { Place } from './upstream-shares.ts';

/** The start of a forwarded response. */
export interface StartedResponse {
  /** True if the response stays open until either side ends it. */
  readonly is_event_stream: boolean;
}

/** Time in which a caller may finish a body that is no longer read, so that it can read the response. */
const unread_body_ms = 10_000;
/** Limit of the interim responses (1xx) before a response: each one extends the time in which it must begin. */
const interim_responses_max = 64;
/** Other phrases are dropped: clients ignore them, and Node cannot write characters beyond Latin-1. */
const reason_phrase = /^[\t\x20-\x7e]*$/;

/** The request, the response to its caller and the objects that the forwarder shares among exchanges. */
export interface ExchangeParts {
  readonly agent: Agent;
  readonly watches: TransferWatches;
  readonly request: OutgoingRequest;
  readonly response: ServerResponse;
  readonly place: Place;
}

/**
 * Forwards one request and streams the response; resolves when the response has begun.
 *
 * @throws UpstreamFailure until the response has begun; later failures destroy `response`
 */
export async function streamExchange(parts: ExchangeParts): Promise<StartedResponse> {
  return new Promise<StartedResponse>((resolve, reject) => {
    new Exchange(parts, resolve, reject).start(parts.agent);
  });
}

/** One exchange: the handler of its dispatched request. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: OutgoingRequest;
  readonly #response: ServerResponse;
  readonly #place: Place;
  readonly #body: PassThrough | null;
  readonly #watch: TransferWatch;
  readonly #resolve: (started: StartedResponse) => void;
  readonly #reject: (failure: UpstreamFailure) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #state: 'waiting' | 'responding' | 'over' = 'waiting';
  #interim_responses = 0;
  #has_content = true;
  #is_draining = false;
  /** Bytes of the body that are still to come; NaN if the upstream does not announce them. */
  #rest_bytes = Number.NaN;
  /** The chunk that completes the body: it is written with the end of the response. */
  #last: Buffer | undefined = undefined;
  #is_written = false;

  constructor(
    { request, response, place, watches }: ExchangeParts,
    resolve: (started: StartedResponse) => void,
    reject: (failure: UpstreamFailure) => void,
  ) {
    this.#request = request;
    this.#response = response;
    this.#place = place;
    this.#body = request.body === null ? null : copyBody(request.body);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#watch = watches.watch({
      body: request.body,
      copy: this.#body,
      response,
      place,
      onStalled: (reason, cause) => {
        this.#fail(cause, reason);
        this.#body?.destroy();
      },
    });
    response.on('close', () => {
      if (this.#state !== 'over') this.#fail(new Error('the caller closed the connection'), 'caller_gone');
    });
  }

  start(agent: Agent): void {
    dispatchRequest(agent, this.#request, this.#body, this);
  }

  /** Sends the headers if no part of the body was sent with them. */
  flush(): void {
    if (this.#state === 'responding' && !this.#is_written) this.#response.flushHeaders();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#state === 'over') controller.abort(new Error('the exchange was ended before it was sent'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    status_text = '',
  ): void {
    if (this.#state !== 'waiting') return;
    if (status < 200) {
      this.#interim_responses += 1;
      if (this.#interim_responses > interim_responses_max) this.#fail(new Error('the upstream sent too many 1xx'));
      return;
    }
    const is_event_stream = isEventStream(headers['content-type']);
    const refusal = refuseResponse(headers['transfer-encoding'], is_event_stream, this.#place);
    if (refusal) {
      this.#fail(refusal.cause, refusal.reason);
      return;
    }
    const { request_id, transport_policy } = this.#request;
    const reason = reason_phrase.test(status_text) ? status_text : '';
    const fields = buildResponseHeaders(rawHeaders(controller), { request_id, transport_policy, status });
    this.#response.writeHead(status, reason, fields);
    this.#state = 'responding';
    this.#has_content = status !== 205;
    this.#rest_bytes = Number(headers['content-length'] ?? Number.NaN);
    this.#watch.responseStarted(is_event_stream);
    flushSoon(this);
    this.#resolve({ is_event_stream });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#watch.responseMoved();
    if (!this.#has_content) return;
    this.#rest_bytes -= chunk.length;
    if (this.#rest_bytes === 0) {
      this.#last = chunk;
      return;
    }
    this.#is_written = true;
    if (this.#response.write(chunk)) return;
    controller.pause();
    if (this.#is_draining) return;
    this.#is_draining = true;
    this.#response.on('drain', () => {
      if (this.#state === 'over') return;
      this.#watch.responseMoved();
      this.#controller?.resume();
    });
  }

  onResponseEnd(): void {
    this.#end();
    this.#response.end(this.#last);
    if (this.#request.body) closeUnlessRead(this.#request.body);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: unknown, reason?: FailureReason): void {
    if (this.#state === 'over') return;
    const was = this.#state;
    this.#end();
    this.#controller?.abort(error instanceof Error ? error : new Error(String(error)));
    if (was === 'waiting') this.#reject(new UpstreamFailure(reason ?? findFailureReason(error), error));
    else this.#response.destroy();
  }

  #end(): void {
    this.#state = 'over';
    this.#watch.stop();
  }
}

/** Exchanges whose response began in this turn of the event loop. */
let begun: Exchange[] = [];

/**
 * Sends the headers after the data that arrived with them: those of an event stream are sent before its first event.
 */
function flushSoon(exchange: Exchange): void {
  if (begun.push(exchange) > 1) return;
  setImmediate(() => {
    const exchanges = begun;
    begun = [];
    for (const each of exchanges) each.flush();
  });
}

/** Refuses an event stream without a free place, and a transfer coding other than chunked. */
function refuseResponse(
  coding: string | string[] | undefined,
  is_event_stream: boolean,
  place: Place,
): { reason: FailureReason; cause: Error } | null {
  if (coding !== undefined && String(coding).trim().toLowerCase() !== 'chunked')
    return { reason: 'unreachable', cause: new Error(`the upstream used the transfer coding ${String(coding)}`) };
  if (is_event_stream && !place.becomeStream())
    return { reason: 'busy', cause: new Error('the caller has no stream left') };
  return null;
}

/** Closes the connection if the body is still incomplete `unread_body_ms` after the end of the response. */
function closeUnlessRead(body: IncomingMessage): void {
  if (body.complete) return;
  const timer = setTimeout(() => body.destroy(), unread_body_ms);
  timer.unref();
  body.once('close', () => clearTimeout(timer));
  body.once('end', () => clearTimeout(timer));
}

/**
 * Returns a copy of the caller's body. When the upstream fails, the copy is destroyed and the socket of the caller
 * stays open for the error response.
 */
function copyBody(source: IncomingMessage): PassThrough {
  const copy = new PassThrough();
  // The dispatcher reports the failure to its own handler.
  copy.on('error', () => source.unpipe(copy));
  copy.on('close', () => source.resume());
  source.on('close', () => {
    if (!source.complete) copy.destroy(new Error('the caller closed the connection'));
  });
  source.pipe(copy);
  return copy;
}
