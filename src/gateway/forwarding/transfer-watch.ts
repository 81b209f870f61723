import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PassThrough } from 'node:stream';
import type { FailureReason } from './forward.ts';
import type { Place } from './upstream-shares.ts';

export interface Transfer {
  /** The caller's request when it has a body. */
  readonly body: IncomingMessage | null;
  /** What the upstream reads of it. */
  readonly copy: PassThrough | null;
  readonly response: ServerResponse;
  readonly place: Place;
  readonly idle_ms: number;
}

export interface TransferWatch {
  responseStarted(is_event_stream: boolean): void;
  /** A piece of the response came in or went out. */
  responseMoved(): void;
  stop(): void;
}

/** Bytes of a request body that must arrive in each interval of `idle_ms`: a byte a second holds no connection for long. */
const upload_bytes_min = 1024;
/** A transfer of this age counts as a stream when the caller has one left, so that it holds no place of a short request. */
const long_lived_ms = 5000;
const event_streams =
  /^\s*(?:text\/event-stream|application\/(?:x-ndjson|ndjson|jsonl|stream\+json|grpc[-+\w]*)|multipart\/x-mixed-replace)\s*(?:;|$)/i;

/** True for media types whose response stays open and may be silent between two events. */
export function isEventStream(content_type: string | string[] | undefined): boolean {
  return content_type !== undefined && event_streams.test(String(content_type));
}

/** Ends a transfer that does not move, in either direction; one timer per transfer. */
export function watchTransfer(
  { body, copy, response, place, idle_ms }: Transfer,
  onStalled: (reason: FailureReason, cause: Error) => void,
): TransferWatch {
  const interval_ms = Math.min(idle_ms, long_lived_ms);
  const socket = body?.socket;
  let answering: 'no' | 'yes' | 'events' = 'no';
  let age_ms = 0;
  let uploaded = { bytes: socket?.bytesRead ?? 0, since_ms: 0 };
  let moved_ms = 0;

  const timer = setInterval(() => {
    age_ms += interval_ms;
    if (age_ms >= long_lived_ms) place.becomeStream();
    const stalled = stalledUpload() ?? stalledResponse();
    if (stalled) onStalled(...stalled);
  }, interval_ms);
  timer.unref();

  function stalledUpload(): [FailureReason, Error] | null {
    if (!body || !socket || body.complete || age_ms - uploaded.since_ms < idle_ms) return null;
    const bytes = socket.bytesRead;
    const is_enough = bytes - uploaded.bytes >= upload_bytes_min;
    uploaded = { bytes, since_ms: age_ms };
    if (is_enough) return null;
    // The upstream does not read: the caller cannot send.
    return copy?.writableNeedDrain === true
      ? ['slow', new Error('the upstream does not read the request')]
      : ['caller_slow', new Error('the caller sends its body too slowly')];
  }

  function stalledResponse(): [FailureReason, Error] | null {
    if (answering === 'no' || age_ms - moved_ms < idle_ms) return null;
    if (response.writableNeedDrain) return ['caller_slow', new Error('the caller does not read the response')];
    return answering === 'events' ? null : ['slow', new Error('the upstream does not go on with its response')];
  }

  return {
    responseStarted(is_event_stream) {
      answering = is_event_stream ? 'events' : 'yes';
      moved_ms = age_ms;
    },
    responseMoved() {
      moved_ms = age_ms;
    },
    stop: () => clearInterval(timer),
  };
}
