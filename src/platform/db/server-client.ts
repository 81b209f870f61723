import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DatabaseHosts } from './database-hosts.ts';

export const KEEP_ALIVE_MS = 5_000;
export const TEST_MS_MAX = 2_000;
export const CLOSE_MS_MAX = 2_000;
/** Time in which the event loop reads what waits in the sockets. Units: ms. */
const READ_MS = 200;
const CONNECT_MS_MAX = 3_000;
/** SQLSTATE of a write on a server that accepts reads only. */
export const READ_ONLY = '25006';

/** The servers of DATABASE_URL and the settings of each connection. */
export interface ServerAddress {
  hosts: DatabaseHosts;
  config: pg.PoolConfig & { statement_timeout: number };
}

/** No server of DATABASE_URL accepts writes. */
export class ReadOnlyServerError extends Error {
  constructor() {
    super('the database server accepts reads only');
    this.name = 'ReadOnlyServerError';
  }
}

/** A client class that connects to the server that is preferred at that time. */
export function clientOf({ hosts, config }: ServerAddress, preferred: { index: number }): typeof pg.Client {
  const connect_ms = Math.min(config.connectionTimeoutMillis ?? CONNECT_MS_MAX, CONNECT_MS_MAX);
  return class extends pg.Client {
    constructor(given?: string | pg.ClientConfig) {
      super({
        ...(typeof given === 'object' ? given : {}),
        connectionString: hosts.urls[preferred.index] ?? '',
        connectionTimeoutMillis: connect_ms,
      });
    }
  };
}

/**
 * Returns what a promise resolves to within a time; null if it does not. Timers of a process that was stopped, or
 * computed for long, fire before its sockets are read: a response that waits there is in time. So the limit has a
 * second part, in which the event loop reads them.
 */
export async function resolvedWithin<T extends object | boolean>(promise: Promise<T>, ms: number): Promise<T | null> {
  const first = await Promise.race([promise, sleep(ms, null, { ref: false })]);
  return first ?? Promise.race([promise, sleep(READ_MS, null, { ref: false })]);
}

/** Returns the error when the server is a standby, does not respond or otherwise refuses writes. */
export async function findWriteRefusal(client: pg.ClientBase): Promise<Error | undefined> {
  try {
    // The limit of `pg` is a timer alone.
    const query = { text: 'show transaction_read_only', query_timeout: 2 * TEST_MS_MAX + READ_MS };
    const response = await resolvedWithin(client.query<{ transaction_read_only: string }>(query), TEST_MS_MAX);
    if (response === null) return new Error('timeout expired');
    const { rows } = response;
    return rows[0]?.transaction_read_only === 'off' ? undefined : new ReadOnlyServerError();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** True for the error of `pg` after `query_timeout`; the statement still runs on the connection. */
export function isQueryTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** Ends a connection without waiting: a dead server does not respond to the termination message. */
export function endWithoutWaiting(client: pg.Client): void {
  void client.end().catch(() => {});
  setTimeout(() => destroySocket(client), CLOSE_MS_MAX).unref();
}

/** Closes the socket without a termination message; waiting statements are rejected. */
export function destroySocket(client: pg.ClientBase): void {
  streamOf(client)?.destroy();
}

/** Returns the socket of a connection. */
export function streamOf(client: pg.ClientBase): Duplex | null {
  const connection: unknown = Reflect.get(client, 'connection');
  const stream: unknown = typeof connection === 'object' && connection ? Reflect.get(connection, 'stream') : null;
  return stream instanceof Duplex ? stream : null;
}
