import type pg from 'pg';
import { endWithoutWaiting, isQueryTimeout } from '../db/server-client.ts';
import type { ChangeSource } from './change-source.ts';
import { LISTEN, NOTIFY } from './changes-store.ts';
import type { Send } from './follower.ts';

export interface ListenerOptions {
  /** Opens a connection outside the pool; its statements have a limit on the client. */
  connect: () => Promise<pg.Client>;
  /** Reads the changes. */
  poll: (send: Send) => Promise<void>;
  /** Called when the server has ended the connection. */
  onEnded: () => void;
}

const POLL_MS = 250;
/** Minimum interval between two notifications of this process: each takes a lock that all databases share. */
const NOTIFY_MS = 10;
const RECONNECT_MS_MAX = 2_000;
const RECONNECT_MS = 50;

/**
 * Reads the changes at an interval and upon a notification, on a connection of its own, and sends notifications.
 *
 * Notifications are hints: those sent while no connection listens are lost. Behind a pooler that assigns connections
 * per transaction none arrive. The interval is the bound.
 */
export class ChangeListener implements ChangeSource {
  readonly #options: ListenerOptions;
  #client: pg.Client | null = null;
  #sent: Promise<unknown> = Promise.resolve();
  #is_connecting = false;
  #is_polling = false;
  #is_poll_due = false;
  #is_closed = false;
  #failures_count = 0;
  #notified_ms = 0;
  #poll_timer: NodeJS.Timeout | null = null;
  #notify_timer: NodeJS.Timeout | null = null;
  #reconnect_timer: NodeJS.Timeout | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Connects and starts to read; does nothing when it was started. */
  start(): void {
    if (this.#poll_timer || this.#is_closed) return;
    this.#poll_timer = setInterval(() => this.pollSoon(), POLL_MS).unref();
    void this.#connect();
  }

  /** Reads the changes now, or again after the read that runs. */
  pollSoon(): void {
    if (this.#is_polling) this.#is_poll_due = true;
    else if (this.#client && !this.#is_closed) void this.#poll(this.#client);
  }

  /** Notifies the other processes, at most once per `NOTIFY_MS`. */
  notify(): void {
    if (this.#notify_timer || this.#is_closed) return;
    const wait_ms = this.#notified_ms + NOTIFY_MS - performance.now();
    if (wait_ms <= 0) this.#sendNotification();
    else this.#notify_timer = setTimeout(() => this.#sendNotification(), wait_ms).unref();
  }

  close(): void {
    this.#is_closed = true;
    for (const timer of [this.#poll_timer, this.#notify_timer, this.#reconnect_timer]) if (timer) clearTimeout(timer);
    if (this.#client) endWithoutWaiting(this.#client);
    this.#client = null;
  }

  #sendNotification(): void {
    this.#notify_timer = null;
    this.#notified_ms = performance.now();
    // A failure ends the connection, which the next read detects.
    if (this.#client) this.#send(this.#client, { text: NOTIFY }).catch(() => {});
  }

  /** Sends one statement after the other: the driver warns when a client has several. */
  #send(client: pg.Client, query: pg.QueryConfig): Promise<unknown> {
    const sent = this.#sent.catch(() => {}).then(() => client.query(query));
    this.#sent = sent;
    return sent;
  }

  async #connect(): Promise<void> {
    if (this.#is_connecting || this.#is_closed) return;
    this.#is_connecting = true;
    try {
      const client = await this.#options.connect();
      unref(client);
      client.on('notification', ({ processId }) => {
        if (processId !== processOf(client)) this.pollSoon();
      });
      client.on('end', () => this.#lose(client, null));
      this.#client = client;
      this.#sent = Promise.resolve();
      if (this.#is_closed) return this.close();
      await this.#send(client, { text: LISTEN });
      this.pollSoon();
    } catch (error) {
      this.#lose(this.#client, error);
    } finally {
      this.#is_connecting = false;
    }
  }

  async #poll(client: pg.Client): Promise<void> {
    this.#is_polling = true;
    try {
      do {
        this.#is_poll_due = false;
        await this.#options.poll((query) => this.#send(client, query));
        this.#failures_count = 0;
      } while (this.#is_poll_due && this.#client === client);
    } catch (error) {
      this.#lose(client, error);
    } finally {
      this.#is_polling = false;
    }
  }

  /** Replaces a connection; the first time without delay. */
  #lose(client: pg.Client | null, error: unknown): void {
    if (this.#is_closed || this.#client !== client) return;
    if (client) {
      endWithoutWaiting(client);
      // After a long computation of this process a read exceeds its limit, although the connection works.
      if (!isQueryTimeout(error)) this.#options.onEnded();
    }
    this.#client = null;
    const wait_ms =
      this.#failures_count === 0 ? 0 : Math.min(RECONNECT_MS * 2 ** this.#failures_count, RECONNECT_MS_MAX);
    this.#failures_count += 1;
    this.#reconnect_timer = setTimeout(() => void this.#connect(), wait_ms).unref();
  }
}

/** Lets the process end while the connection is open. The driver's types do not declare its method. */
function unref(client: pg.Client): void {
  const method: unknown = Reflect.get(client, 'unref');
  if (typeof method === 'function') Reflect.apply(method, client, []);
}

function processOf(client: pg.Client): number {
  return Number(Reflect.get(client, 'processID'));
}
