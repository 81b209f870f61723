import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PassThrough } from 'node:stream';
import type { FailureReason } from './upstream-failure.ts';
import type { Place } from './upstream-shares.ts';

export interface Transfer {
  /** Request of the caller; null if it has no body. */
  readonly body: IncomingMessage | null;
  /** The copy of its body that the upstream reads. */
  readonly copy: PassThrough | null;
  readonly response: ServerResponse;
  readonly place: Place;
  readonly idle_ms: number;
}

export interface TransferWatch {
  responseStarted(is_event_stream: boolean): void;
  /** A chunk of the response was received or sent. */
  responseMoved(): void;
  stop(): void;
}

/** Minimum bytes of a request body per interval of `idle_ms`, so that a very slow body does not occupy a connection. */
const upload_bytes_min = 1024;
/** A transfer of this age takes a place of a stream, if one is free, and releases its place of a request. */
const long_lived_ms = 5000;
const event_streams =
  /^\s*(?:text\/event-stream|application\/(?:x-ndjson|ndjson|jsonl|stream\+json|grpc[-+\w]*)|multipart\/x-mixed-replace)\s*(?:;|$)/i;

/** True for media types whose response stays open and may pause between two events. */
export function isEventStream(content_type: string | string[] | undefined): boolean {
  return content_type !== undefined && event_streams.test(String(content_type));
}

/** Calls `onStalled` for a transfer without progress in either direction. One timer per transfer. */
export function watchTransfer(
  { body, copy, response, place, idle_ms }: Transfer,
  onStalled: (reason: FailureReason, cause: Error) => void,
): TransferWatch {
  const interval_ms = Math.min(idle_ms, long_lived_ms);
  const socket = body?.socket;
  let response_state: 'none' | 'body' | 'events' = 'none';
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
    // A full copy means that the upstream does not read, so that the caller cannot send.
    return copy?.writableNeedDrain === true
      ? ['slow', new Error('the upstream does not read the request')]
      : ['caller_slow', new Error('the caller sends its body too slowly')];
  }

  function stalledResponse(): [FailureReason, Error] | null {
    if (response_state === 'none' || age_ms - moved_ms < idle_ms) return null;
    if (response.writableNeedDrain) return ['caller_slow', new Error('the caller does not read the response')];
    return response_state === 'events' ? null : ['slow', new Error('the upstream does not continue its response')];
  }

  return {
    responseStarted(is_event_stream) {
      response_state = is_event_stream ? 'events' : 'body';
      moved_ms = age_ms;
    },
    responseMoved() {
      moved_ms = age_ms;
    },
    stop: () => clearInterval(timer),
  };
}
