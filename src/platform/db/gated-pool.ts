import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { Exchange, sendExchange, sendStatement } from './exchange.ts';

/** Set inside `inTransaction`; `open` becomes false at its end, for work that continues after it. */
export const transaction = new AsyncLocalStorage<{ open: boolean }>();

function isInTransaction(): boolean {
  return transaction.getStore()?.open === true;
}

function usedInside(): Error {
  return new Error('the database was used inside an open transaction: pass `tx` instead');
}

/** Refuses a connection to a caller that is inside a transaction. */
export function requireNoTransaction(): void {
  if (isInTransaction()) throw usedInside();
}

type ConnectCallback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: boolean | Error) => void,
) => void;

/** A statement that was executed, successfully unless `error` is set. */
export interface RanStatement {
  client: pg.PoolClient;
  text: string;
  error: unknown;
  /** Sends another statement on the connection. */
  send: (query: pg.QueryConfig) => Promise<unknown>;
}

/** Called after each statement; the caller of the statement waits for the promise. */
export type AfterStatement = (ran: RanStatement) => Promise<void> | undefined;

/**
 * A pool that refuses a second connection to a caller that is inside a transaction.
 *
 * Why: PGlite has no second connection, so the wait would never end; on a server a full pool of such waits is the same
 * deadlock.
 */
export class GatedPool extends pg.Pool {
  readonly #has_gate: boolean;
  readonly #watchers = new Set<AfterStatement>();

  constructor(config: pg.PoolConfig, has_gate = true) {
    super(config);
    this.#has_gate = has_gate;
    // A connection that breaks while it is in use also emits an error on the client, and an error without a listener
    // ends the process. The next statement on the connection rejects with the error.
    this.on('connect', (client) => client.on('error', () => {}));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    const acquired = this.#has_gate && isInTransaction() ? Promise.reject(usedInside()) : this.acquire();
    if (!callback) return acquired;
    void report(acquired, callback);
  }

  /** Takes a connection without the check. */
  protected acquire(): Promise<pg.PoolClient> {
    return super.connect();
  }

  /** Runs one statement or one exchange on a connection of this pool. Units: ms, the client's limit. */
  execute(client: pg.PoolClient, query: pg.QueryConfig | Exchange, limit_ms?: number): Promise<unknown> {
    if (query instanceof Exchange) return sendExchange(client, query, limit_ms);
    const result = new Promise((resolve, reject) => {
      sendStatement(client, query, (error, sent) => (error ? reject(error) : resolve(sent)), limit_ms);
    });
    return result.catch((error: unknown) => {
      // The stack leads to the caller, as in errors of `client.query`, not to the socket.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    });
  }

  /** Calls a function after each statement; returns the function that ends this. */
  watch(after: AfterStatement): () => void {
    this.#watchers.add(after);
    return () => void this.#watchers.delete(after);
  }

  /** Runs one statement or one exchange on a connection of this pool, then the watchers. */
  async executeWatched(client: pg.PoolClient, query: pg.QueryConfig | Exchange): Promise<unknown> {
    if (this.#watchers.size === 0) return this.execute(client, query);
    let result: unknown;
    try {
      result = await this.execute(client, query);
    } catch (error) {
      await this.#watch(client, query.text, error);
      throw error;
    }
    await this.#watch(client, query.text, undefined);
    return result;
  }

  async #watch(client: pg.PoolClient, text: string, error: unknown): Promise<void> {
    const send = (query: pg.QueryConfig) => this.execute(client, query);
    for (const after of this.#watchers) await after({ client, text, error, send });
  }

  /** Runs one text; several statements are allowed without parameters. A connection with an error is closed. */
  async run(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }> {
    const client = await this.connect();
    try {
      const result = await this.executeWatched(client, values === undefined ? { text } : { text, values });
      client.release();
      // Several statements return several results.
      const results: unknown[] = Array.isArray(result) ? result : [result];
      return { rows: results.flatMap(rowsOf) };
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
}

async function report(acquired: Promise<pg.PoolClient>, callback: ConnectCallback): Promise<void> {
  let client: pg.PoolClient;
  try {
    client = await acquired;
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)), undefined, () => {});
    return;
  }
  callback(undefined, client, client.release.bind(client));
}

/** Returns the rows of a result of the driver. */
export function rowsOf(result: unknown): Record<string, unknown>[] {
  return isResult(result) ? result.rows : [];
}

function isResult(value: unknown): value is pg.QueryResult<Record<string, unknown>> {
  return value instanceof pg.Result;
}
