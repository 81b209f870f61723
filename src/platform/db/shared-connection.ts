import type pg from 'pg';
import { sendStatement } from './exchange.ts';
import { CLOSE_MS_MAX, destroySocket, endWithoutWaiting, streamOf } from './server-client.ts';

/** A prepared read by an index that returns few rows. `name` belongs to one text in the whole process. */
export interface PointQuery {
  name: string;
  text: string;
  values: unknown[];
}

/** Wait for a response after which a connection is dead: the server ends each read after 2 s. Units: ms. */
const SILENCE_MS_MAX = 3_000;
/** Wait after which no more reads are sent behind a slow one. Units: ms. */
const SLOW_MS = 100;
const WAITING_MAX = 200;
/** Time without a response after which an idle connection is tested. Units: ms. */
const IDLE_MS_MAX = 1_000;
const test = { name: 'test', text: 'select 1', values: [] };

/** One pipelined connection: the server responds in the order of sending. */
export class SharedConnection {
  readonly #client: pg.Client;
  readonly #stream: ReturnType<typeof streamOf>;
  /** Times of sending of the reads without a response, the oldest first. Units: ms of the monotonic clock. */
  readonly #sent_at: number[] = [];
  #responded_at = performance.now();
  #is_corked = false;
  #is_usable = true;

  constructor(client: pg.Client, onClosed: () => void) {
    this.#client = client;
    this.#stream = streamOf(client);
    const stop = () => {
      this.#is_usable = false;
      onClosed();
    };
    client.on('error', stop);
    client.on('end', stop);
  }

  get waiting_count(): number {
    return this.#sent_at.length;
  }

  /** True if a read that is sent now does not wait behind a slow one. */
  isReady(): boolean {
    const [oldest] = this.#sent_at;
    return (
      this.#is_usable &&
      (oldest === undefined || (this.#sent_at.length < WAITING_MAX && performance.now() - oldest < SLOW_MS))
    );
  }

  isSilent(): boolean {
    const [oldest] = this.#sent_at;
    return oldest !== undefined && performance.now() - oldest > SILENCE_MS_MAX;
  }

  read<O>(query: PointQuery): Promise<O[]> {
    this.#cork();
    this.#sent_at.push(performance.now());
    return new Promise((resolve, reject) => {
      sendStatement<O & object>(this.#client, query, (error, result) => {
        this.#sent_at.shift();
        this.#responded_at = performance.now();
        if (error) reject(error);
        else resolve(result.rows);
        if (!this.#is_usable && this.#sent_at.length === 0) endWithoutWaiting(this.#client);
      });
    });
  }

  /** Sends all reads of one turn of the event loop with one write. */
  #cork(): void {
    if (this.#is_corked || !this.#stream) return;
    this.#is_corked = true;
    this.#stream.cork();
    setImmediate(() => {
      this.#is_corked = false;
      this.#stream?.uncork();
    });
  }

  testIfIdle(): void {
    if (!this.#is_usable || this.#sent_at.length > 0 || performance.now() - this.#responded_at < IDLE_MS_MAX) return;
    this.read(test).catch(() => {});
  }

  /** Ends the connection after the reads that wait; a silent one is closed after 3 s. */
  retire(): void {
    if (!this.#is_usable) return;
    this.#is_usable = false;
    if (this.#sent_at.length === 0) endWithoutWaiting(this.#client);
    else setTimeout(() => this.destroy(), SILENCE_MS_MAX).unref();
  }

  /** Closes the socket; the waiting reads are rejected. */
  destroy(): void {
    this.#is_usable = false;
    destroySocket(this.#client);
  }

  /** Ends the connection within 2 s. */
  async close(): Promise<void> {
    this.#is_usable = false;
    const killer = setTimeout(() => this.destroy(), CLOSE_MS_MAX);
    await this.#client.end().finally(() => clearTimeout(killer));
  }
}
