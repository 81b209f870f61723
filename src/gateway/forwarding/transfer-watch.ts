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
  /** Called for a transfer without progress in either direction. */
  readonly onStalled: (reason: FailureReason, cause: Error) => void;
}

export interface TransferWatch {
  responseStarted(is_event_stream: boolean): void;
  /** A chunk of the response was received or sent. */
  responseMoved(): void;
  stop(): void;
}

/** Watches all transfers of a forwarder. */
export interface TransferWatches {
  /** Watches a transfer until it stops. */
  watch(transfer: Transfer): TransferWatch;
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

/**
 * Makes the watch of transfers. One timer for all: a transfer is nearly always over before its first check. A stalled
 * transfer is found after `idle_ms`, and at most half of it later.
 */
export function makeTransferWatches(idle_ms: number): TransferWatches {
  const interval_ms = Math.min(idle_ms, long_lived_ms) / 4;
  const list = new WatchedTransfers();
  let timer: NodeJS.Timeout | null = null;

  function check(): void {
    const now_ms = performance.now();
    const watched = list.all();
    for (const each of watched) each.check(now_ms, idle_ms);
    if (watched.length > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  return {
    watch(transfer) {
      timer ??= setInterval(check, interval_ms).unref();
      const watched = new WatchedTransfer(list, transfer);
      list.add(watched);
      return watched;
    },
  };
}

/**
 * The transfers in progress. A linked list, whose members do not refer to each other after their removal: a set with a
 * change per request keeps removed members alive until a full collection.
 */
class WatchedTransfers {
  #first: WatchedTransfer | null = null;

  add(added: WatchedTransfer): void {
    added.next = this.#first;
    if (this.#first) this.#first.previous = added;
    this.#first = added;
  }

  remove(removed: WatchedTransfer): void {
    const { previous, next } = removed;
    if (this.#first === removed) this.#first = next;
    if (previous) previous.next = next;
    if (next) next.previous = previous;
    removed.previous = null;
    removed.next = null;
  }

  all(): WatchedTransfer[] {
    const found: WatchedTransfer[] = [];
    for (let each = this.#first; each; each = each.next) found.push(each);
    return found;
  }
}

class WatchedTransfer implements TransferWatch {
  /** Members of the list. */
  previous: WatchedTransfer | null = null;
  next: WatchedTransfer | null = null;

  readonly #list: WatchedTransfers;
  readonly #transfer: Transfer;
  #response_state: 'none' | 'body' | 'events' = 'none';
  /** Instants are those of checks; null before the first one. */
  #started_ms: number | null = null;
  #has_moved = false;
  #moved_ms = 0;
  #uploaded_bytes: number;
  #uploaded_ms = 0;
  #is_over = false;

  constructor(list: WatchedTransfers, transfer: Transfer) {
    this.#list = list;
    this.#transfer = transfer;
    this.#uploaded_bytes = transfer.body?.socket.bytesRead ?? 0;
  }

  responseStarted(is_event_stream: boolean): void {
    this.#response_state = is_event_stream ? 'events' : 'body';
    this.#has_moved = true;
  }

  responseMoved(): void {
    this.#has_moved = true;
  }

  stop(): void {
    if (this.#is_over) return;
    this.#is_over = true;
    this.#list.remove(this);
  }

  check(now_ms: number, idle_ms: number): void {
    if (this.#is_over) return;
    if (this.#started_ms === null) {
      this.#started_ms = now_ms;
      this.#uploaded_ms = now_ms;
    }
    if (this.#has_moved) this.#moved_ms = now_ms;
    this.#has_moved = false;
    const { place, onStalled } = this.#transfer;
    if (now_ms - this.#started_ms >= long_lived_ms) place.becomeStream();
    const stalled = this.#findStalledUpload(now_ms, idle_ms) ?? this.#findStalledResponse(now_ms, idle_ms);
    if (stalled) onStalled(...stalled);
  }

  #findStalledUpload(now_ms: number, idle_ms: number): [FailureReason, Error] | null {
    const { body, copy } = this.#transfer;
    if (!body || body.complete || now_ms - this.#uploaded_ms < idle_ms) return null;
    const bytes = body.socket.bytesRead;
    const is_enough = bytes - this.#uploaded_bytes >= upload_bytes_min;
    this.#uploaded_bytes = bytes;
    this.#uploaded_ms = now_ms;
    if (is_enough) return null;
    // A full copy means that the upstream does not read, so that the caller cannot send.
    return copy?.writableNeedDrain === true
      ? ['slow', new Error('the upstream does not read the request')]
      : ['caller_slow', new Error('the caller sends its body too slowly')];
  }

  #findStalledResponse(now_ms: number, idle_ms: number): [FailureReason, Error] | null {
    if (this.#response_state === 'none' || now_ms - this.#moved_ms < idle_ms) return null;
    if (this.#transfer.response.writableNeedDrain)
      return ['caller_slow', new Error('the caller does not read the response')];
    return this.#response_state === 'events'
      ? null
      : ['slow', new Error('the upstream does not continue its response')];
  }
}
