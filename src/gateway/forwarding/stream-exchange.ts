import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { buildResponseHeaders } from './forward-headers.ts';
import { isEventStream, watchTransfer } from './transfer-watch.ts';
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
/** Other phrases are dropped: clients ignore them, and Node cannot write characters beyond Latin-1. */
const reason_phrase = /^[\t\x20-\x7e]*$/;

/**
 * Forwards one request and streams the response; resolves when the response has begun.
 *
 * @throws UpstreamFailure until the response has begun; later failures destroy `response`
 */
// long: the callbacks of one exchange share its state
export async function streamExchange(
  agent: Agent,
  request: OutgoingRequest,
  response: ServerResponse,
  { place, idle_ms }: { place: Place; idle_ms: number },
): Promise<StartedResponse> {
  const body = request.body === null ? null : copyBody(request.body);
  return new Promise<StartedResponse>((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let state: 'waiting' | 'responding' | 'over' = 'waiting';
    let has_content = true;

    const fail = (error: unknown, reason?: FailureReason) => {
      if (state === 'over') return;
      const was = state;
      end();
      controller?.abort(error instanceof Error ? error : new Error(String(error)));
      if (was === 'waiting') reject(new UpstreamFailure(reason ?? findFailureReason(error), error));
      else response.destroy();
    };
    const end = () => {
      state = 'over';
      watch.stop();
      response.off('close', callerGone);
      response.off('drain', responseDrained);
    };
    const callerGone = () => fail(new Error('the caller closed the connection'), 'caller_gone');
    const responseDrained = () => {
      watch.responseMoved();
      controller?.resume();
    };
    const watch = watchTransfer({ body: request.body, copy: body, response, place, idle_ms }, (reason, cause) => {
      fail(cause, reason);
      body?.destroy();
    });

    response.on('close', callerGone);
    response.on('drain', responseDrained);
    dispatchRequest(agent, request, body, {
      onRequestStart(started) {
        controller = started;
        if (state === 'over') started.abort(new Error('the exchange was ended before it was sent'));
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
        response.writeHead(status, reason, buildResponseHeaders(rawHeaders(started), { ...request, status }));
        state = 'responding';
        has_content = status !== 205;
        watch.responseStarted(is_event_stream);
        // The headers of an event stream are sent before its first event.
        setImmediate(() => {
          if (state === 'responding') response.flushHeaders();
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

/** Refuses an event stream without a free place, and a transfer coding other than chunked. */
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
