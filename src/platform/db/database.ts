import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, type Transaction } from 'kysely';
import pg from 'pg';
import { type DatabaseHosts, parseDatabaseUrl } from './database-hosts.ts';
import { lockFolder } from './folder-lock.ts';
import { TollgateDialect } from './empty-update.ts';
import type { PGlitePlace } from './pglite.ts';
import { isPlanStale, preparing } from './prepared.ts';
import type { Schema } from './db-schema.ts';
import { type AfterStatement, GatedPool, transaction } from './gated-pool.ts';
import { ServerPool } from './server-pool.ts';
import { KEEP_ALIVE_MS } from './server-client.ts';
import { POINT_READ_MS_MAX, shareReads, SharedReads } from './shared-reads.ts';
import { types } from './wire-types.ts';

export { isDatabaseDown } from './database-down.ts';

/** Parameter of reads: the database or an open transaction. */
export type Reader = Kysely<Schema>;

/** Parameter of writes: an open transaction. */
export type Tx = Transaction<Schema>;

declare const pooled: unique symbol;

/** The database outside any transaction; a `Tx` is not one. */
export type Db = Kysely<Schema> & { readonly [pooled]: true };

/** Location of the data. The limits apply to a server only: a PGlite serves this process alone. */
export type DatabaseOptions = ServerOptions | PGlitePlace;

export interface ServerOptions {
  url: string;
  pool_max?: number;
  connect_timeout_ms?: number;
  /** Limit of one statement on the server; the client's limit is one second longer. */
  statement_timeout_ms?: number;
  /** Called for each connection that breaks while idle; the pool replaces it. */
  on_connection_lost?: (error: Error) => void;
}

export interface Database {
  readonly kind: 'server' | 'pglite';
  readonly db: Db;
  /** Runs one text of SQL with the check of `GatedPool`; several statements are allowed without parameters. */
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  /**
   * A small second pool on the same server, for counts that are committed separately, also inside a transaction of the
   * caller. Null for a PGlite, which has one connection.
   */
  readonly side_pool: pg.Pool | null;
  /** Calls a function after each statement of `db` and `executeSql`; returns the function that ends this. */
  watch(after: AfterStatement): () => void;
  /** Opens a connection outside the pools, for notifications. Null for a PGlite, which no other process writes to. */
  readonly connect: (() => Promise<pg.Client>) | null;
  /** Rejects unless the database responds; on a server by a new connection. */
  probe(): Promise<void>;
  /** The whole data directory of a PGlite, to be restored by `openDatabase({ memory: true, snapshot })`. */
  dump(): Promise<Blob>;
  close(): Promise<void>;
}

/** Opens the database. A server is connected at the first statement. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return 'url' in options ? openServer(options) : openEmbedded(options);
}

/** Limit of one statement, lock waits included; a transaction sets another with `set local statement_timeout`. */
const STATEMENT_MS_MAX = 10_000;
const SIDE_CONNECTIONS_MAX = 2;
const SIDE_WAIT_MS_MAX = 2_000;

function openServer(options: ServerOptions): Database {
  const hosts = parseDatabaseUrl(options.url);
  if ('error' in hosts) throw new Error(`the address of the database is invalid: ${hosts.error}`);
  const { on_connection_lost, statement_timeout_ms: statement_ms_max = STATEMENT_MS_MAX } = options;
  const common = {
    idle_in_transaction_session_timeout: 60_000,
    application_name: 'tollgate',
    // No jit: a page is planned in two ways, and compiling the way that is not executed takes seconds.
    options: '-c TimeZone=UTC -c jit=off',
    types,
  };
  const pool = new ServerPool({
    hosts,
    has_gate: true,
    on_connection_lost,
    on_dead: () => reads.distrust(),
    config: {
      ...common,
      max: options.pool_max ?? 10,
      connectionTimeoutMillis: options.connect_timeout_ms ?? 5_000,
      statement_timeout: statement_ms_max,
    },
  });
  const reads = new SharedReads({
    hosts,
    config: {
      ...common,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      statement_timeout: Math.min(POINT_READ_MS_MAX, statement_ms_max),
    },
    on_dead: (error) => {
      pool.distrust();
      on_connection_lost?.(error);
    },
  });
  const side_pool = openSidePool(hosts, common, on_connection_lost);
  const db = openKysely(pool);
  shareReads(db, reads);
  return {
    kind: 'server',
    db,
    executeSql: (text, values) => pool.run(text, values),
    side_pool,
    watch: (after) => pool.watch(after),
    connect: () => pool.connectOutside(),
    probe: () => pool.probe(),
    dump: () => Promise.reject(new Error('a server has no data directory to dump')),
    close: async () => {
      await Promise.all([reads.close(), pool.close(), side_pool.close()]);
    },
  };
}

function openSidePool(
  hosts: DatabaseHosts,
  config: pg.PoolConfig,
  on_connection_lost: ServerOptions['on_connection_lost'],
): ServerPool {
  return new ServerPool({
    hosts,
    has_gate: false,
    on_connection_lost,
    config: {
      ...config,
      max: SIDE_CONNECTIONS_MAX,
      connectionTimeoutMillis: SIDE_WAIT_MS_MAX,
      statement_timeout: SIDE_WAIT_MS_MAX,
    },
  });
}

async function openEmbedded(place: PGlitePlace): Promise<Database> {
  // A process on a server does not load the embedded database.
  const { openPGlite, PGliteSocket } = await import('./pglite.ts');
  const unlock = 'folder' in place ? await lockFolder(place.folder) : null;
  const lite = await openPGlite(place);
  // PGlite has one connection: the pool lends it to one user at a time, in order of arrival.
  const pool = new GatedPool({
    max: 1,
    user: 'postgres',
    database: 'postgres',
    options: '-c TimeZone=UTC',
    idleTimeoutMillis: 0,
    stream: () => new PGliteSocket(lite),
    types,
  });
  pool.on('error', () => {});
  return {
    kind: 'pglite',
    db: openKysely(pool),
    executeSql: (text, values) => pool.run(text, values),
    side_pool: null,
    watch: (after) => pool.watch(after),
    connect: null,
    probe: async () => void (await pool.run('select 1')),
    async dump() {
      const client = await pool.connect();
      try {
        return await lite.dumpDataDir('none');
      } finally {
        client.release();
      }
    },
    async close() {
      await pool.end();
      if (!('opened' in place)) await lite.close();
      await unlock?.();
    },
  };
}

function openKysely(pool: GatedPool): Db {
  // The brand exists in types only, so that a cast is needed.
  const dialect = new TollgateDialect({ pool: preparing(pool) });
  return new Kysely<Schema>({ dialect }) as Db;
}

const ATTEMPTS_MAX = 6;

/**
 * Runs `work` in one transaction and commits it; an error rolls it back.
 *
 * Retries after a serialization failure, a deadlock (40001, 40P01) or an outdated plan: nothing was written then.
 * Therefore `work` must have no effects outside `tx`.
 */
export async function inTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(async (tx) => {
        const state = { open: true };
        try {
          return await transaction.run(state, () => work(tx));
        } finally {
          state.open = false;
        }
      });
    } catch (error) {
      if (attempt >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
      await sleep(randomInt(2 ** attempt * 2, 2 ** attempt * 8));
    }
  }
}

function isRetryable(error: unknown): boolean {
  const code = sqlState(error);
  return code === '40001' || code === '40P01' || isPlanStale(error);
}

/** True if a unique index refused the row; `constraint` names the index, any when omitted. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, '23505', constraint);
}

export function isExclusionViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, '23P01', constraint);
}

/** True if a foreign key refused the change. PostgreSQL 18 reports `on delete restrict` as 23001, the rest as 23503. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, '23503', constraint) || isViolation(error, '23001', constraint);
}

function isViolation(error: unknown, code: string, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === code &&
    (constraint === undefined || error.constraint === constraint)
  );
}

function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
