import { setImmediate as nextTurn } from 'node:timers/promises';
import pg from 'pg';
import { isDatabaseDown } from './database-down.ts';
import { requireNoTransaction } from './gated-pool.ts';
import { isPlanStale } from './prepared.ts';
import { clientOf, endWithoutWaiting, findWriteRefusal, type ServerAddress } from './server-client.ts';
import { type PointQuery, SharedConnection } from './shared-connection.ts';

/** Connections per process on which point reads are pipelined. */
export const SHARED_CONNECTIONS = 2;
/** Limit of one point read on the server. Units: ms. */
export const POINT_READ_MS_MAX = 2_000;
/** Pause after a connection could not be opened. Units: ms. */
const REOPEN_MS = 1_000;
const TICK_MS = 500;
const UNKNOWN_STATEMENT = '26000';

export interface SharedReadsOptions extends ServerAddress {
  /** Called when a connection proves dead. */
  on_dead(error: Error): void;
}

/**
 * Two connections on which all point reads of the process are sent without waiting for the responses before them
 * (`pipeline: true` of pg), so that concurrent reads share the wake-ups of both processes.
 *
 * A read runs at most once here. When no connection is ready, or the connection breaks or is silent for 3 s, the pool
 * runs it, which has the rules of fail-over. Thus no read waits for a connection to be opened.
 * @see docs/decisions/0054-pipelined-point-reads.md
 */
export class SharedReads {
  readonly #options: SharedReadsOptions;
  readonly #open: SharedConnection[] = [];
  readonly #timer: NodeJS.Timeout;
  #opening_count = 0;
  #reopen_at_ms = 0;
  #is_closed = false;

  constructor(options: SharedReadsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#check(), TICK_MS).unref();
  }

  /** Runs the read on a shared connection; `byPool` runs it when none is ready, or again when the connection breaks. */
  async read<O>(query: PointQuery, byPool: () => Promise<O[]>): Promise<O[]> {
    requireNoTransaction();
    const connection = this.#pick();
    if (!connection) return byPool();
    try {
      return await connection.read<O>(query);
    } catch (error) {
      if (isPlanStale(error)) this.distrust();
      else if (!isDatabaseDown(error) && !isUnknownStatement(error)) throw error;
      return byPool();
    }
  }

  /** Uses none of the connections again; new ones replace them. */
  distrust(): void {
    for (const connection of this.#open.splice(0)) connection.retire();
  }

  async close(): Promise<void> {
    this.#is_closed = true;
    clearInterval(this.#timer);
    await Promise.all(this.#open.splice(0).map((connection) => connection.close()));
  }

  /** Returns the ready connection with the fewest waiting reads. */
  #pick(): SharedConnection | undefined {
    if (this.#open.length + this.#opening_count < SHARED_CONNECTIONS) this.#openNext();
    let best: SharedConnection | undefined;
    for (const each of this.#open)
      if (each.isReady() && (!best || each.waiting_count < best.waiting_count)) best = each;
    return best;
  }

  #openNext(): void {
    if (this.#is_closed || performance.now() < this.#reopen_at_ms) return;
    this.#opening_count += 1;
    void this.#connect()
      .then((client) => {
        const connection = new SharedConnection(client, () => this.#remove(connection));
        if (this.#is_closed) void connection.close();
        else this.#open.push(connection);
      })
      .catch(() => {
        this.#reopen_at_ms = performance.now() + REOPEN_MS;
      })
      .finally(() => {
        this.#opening_count -= 1;
      });
  }

  /** Connects to the first server that accepts a connection, and writes if that is required. */
  async #connect(): Promise<pg.Client> {
    const { hosts, config } = this.#options;
    let failure: unknown;
    for (let index = 0; index < hosts.urls.length; index += 1) {
      const Client = clientOf(this.#options, { index });
      const client = new Client({ ...config, pipeline: true });
      client.on('error', () => {});
      try {
        await client.connect();
        const refusal = hosts.must_write ? await findWriteRefusal(client) : undefined;
        if (!refusal) return client;
        failure = refusal;
      } catch (error) {
        failure = error;
      }
      endWithoutWaiting(client);
    }
    throw failure;
  }

  #remove(connection: SharedConnection): void {
    const index = this.#open.indexOf(connection);
    if (index !== -1) this.#open.splice(index, 1);
  }

  async #check(): Promise<void> {
    const silent = this.#open.filter((connection) => connection.isSilent());
    // The event loop runs timers before it reads sockets.
    if (silent.length > 0) await nextTurn();
    for (const connection of silent)
      if (connection.isSilent()) {
        connection.destroy();
        this.#options.on_dead(new Error('a shared database connection does not respond'));
      }
    for (const connection of this.#open) connection.testIfIdle();
  }
}

/** Pipelined behind a statement whose preparation failed: pg had noted the name as prepared. */
function isUnknownStatement(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === UNKNOWN_STATEMENT;
}

/** Shared connections by the database that they belong to; an open transaction has none. */
const shared = new WeakMap<object, SharedReads>();

export function shareReads(db: object, reads: SharedReads): void {
  shared.set(db, reads);
}

export function findSharedReads(reader: object): SharedReads | undefined {
  return shared.get(reader);
}
