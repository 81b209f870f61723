import { Duplex } from 'node:stream';
import pg from 'pg';
import type { DatabaseHosts } from './database-hosts.ts';

export const KEEP_ALIVE_MS = 5_000;
export const TEST_MS_MAX = 2_000;
export const CLOSE_MS_MAX = 2_000;
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

/** Returns the error when the server is a standby or otherwise refuses writes. */
export async function findWriteRefusal(client: pg.ClientBase): Promise<Error | undefined> {
  try {
    const { rows } = await client.query<{ transaction_read_only: string }>(
      Object.assign({ query_timeout: TEST_MS_MAX }, { text: 'show transaction_read_only' }),
    );
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
