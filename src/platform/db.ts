import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, type Transaction } from 'kysely';
import pg from 'pg';
import { lockFolder } from './db-folder-lock.ts';
import { TollgateDialect } from './db-empty-update.ts';
import { openPGlite, PGliteSocket, type PGlitePlace } from './db-pglite.ts';
import { isPlanStale, preparing } from './db-prepared.ts';
import type { Schema } from './db-schema.ts';

/** What reads take: the database or an open transaction. */
export type Reader = Kysely<Schema>;

/** What writes take: an open transaction. */
export type Tx = Transaction<Schema>;

declare const pooled: unique symbol;

/** The database outside any transaction; a `Tx` is not one. */
export type Db = Kysely<Schema> & { readonly [pooled]: true };

/** Where the data is. The limits hold for a server only: the process has a PGlite to itself. */
export type DatabaseOptions = ServerOptions | PGlitePlace;

export interface ServerOptions {
  url: string;
  pool_max?: number;
  connect_timeout_ms?: number;
  statement_timeout_ms?: number;
  /** Hears of connections that broke while idle; the pool replaces them. */
  on_connection_lost?: (error: Error) => void;
}

export interface Database {
  readonly kind: 'server' | 'pglite';
  readonly db: Db;
  /** Runs one text of SQL, through the same gate as everything else; several statements are allowed when there are no values. */
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  /**
   * A small second pool on the same server, for counts that are committed on their own, also while the caller holds a
   * transaction. Null for a PGlite, which has one connection.
   */
  readonly side_pool: pg.Pool | null;
  /** The whole data directory of a PGlite, to be restored by `openDatabase({ memory: true, snapshot })`. */
  dump(): Promise<Blob>;
  close(): Promise<void>;
}

/** Opens the database; nothing is connected before the first statement when it is a server. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return 'url' in options ? openServer(options) : openEmbedded(options);
}

const SIDE_CONNECTIONS_MAX = 2;
const SIDE_WAIT_MS_MAX = 2_000;

function openServer(options: ServerOptions): Database {
  const common: pg.PoolConfig = {
    connectionString: options.url,
    idle_in_transaction_session_timeout: 60_000,
    application_name: 'tollgate',
    options: '-c TimeZone=UTC',
    keepAlive: true,
    types,
  };
  const pool = new GatedPool({
    ...common,
    max: options.pool_max ?? 10,
    connectionTimeoutMillis: options.connect_timeout_ms ?? 5_000,
    statement_timeout: options.statement_timeout_ms ?? 30_000,
  });
  const side_pool = new pg.Pool({
    ...common,
    max: SIDE_CONNECTIONS_MAX,
    connectionTimeoutMillis: SIDE_WAIT_MS_MAX,
    statement_timeout: SIDE_WAIT_MS_MAX,
    query_timeout: SIDE_WAIT_MS_MAX,
  });
  for (const each of [pool, side_pool]) each.on('error', (error) => options.on_connection_lost?.(error));
  side_pool.on('connect', (client) => client.on('error', () => {}));
  return {
    kind: 'server',
    db: openKysely(pool),
    executeSql: (text, values) => pool.run(text, values),
    side_pool,
    dump: () => Promise.reject(new Error('a server has no data directory to dump')),
    close: async () => {
      await Promise.all([pool.end(), side_pool.end()]);
    },
  };
}

async function openEmbedded(place: PGlitePlace): Promise<Database> {
  const unlock = 'folder' in place ? await lockFolder(place.folder) : null;
  const lite = await openPGlite(place);
  // PGlite is one connection: the pool's queue hands it to one user at a time, first come, first served.
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
      await lite.close();
      await unlock?.();
    },
  };
}

function openKysely(pool: GatedPool): Db {
  // The brand exists in types only, so nothing but a cast can make it.
  const dialect = new TollgateDialect({ pool: preparing(pool) });
  return new Kysely<Schema>({ dialect }) as Db;
}

/** Set while the caller is inside `inTransaction`; `open` turns false at its end, for work that outlives it. */
const transaction = new AsyncLocalStorage<{ open: boolean }>();

/**
 * A pool that refuses to hand a second connection to somebody who holds a transaction.
 *
 * Why: on PGlite there is no second connection and the wait would never end; on a server a full pool of such waiters
 * is the same deadlock.
 */
class GatedPool extends pg.Pool {
  constructor(config: pg.PoolConfig) {
    super(config);
    // A connection that breaks while somebody holds it also tells the client object, and an error that nobody hears ends the
    // process. Whoever holds it learns from the next statement.
    this.on('connect', (client) => client.on('error', () => {}));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(
    callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): void;
  override connect(
    callback?: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): Promise<pg.PoolClient> | void {
    if (transaction.getStore()?.open) {
      const error = new Error('the database was used from inside an open transaction: pass `tx` on instead');
      if (!callback) return Promise.reject(error);
      return callback(error, undefined, () => {});
    }
    return callback ? super.connect(callback) : super.connect();
  }

  async run(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }> {
    const result: unknown = await this.query(text, values);
    // Several statements answer with several results.
    const results: unknown[] = Array.isArray(result) ? result : [result];
    return { rows: results.flatMap(rowsOf) };
  }
}

function rowsOf(result: unknown): Record<string, unknown>[] {
  return isResult(result) ? result.rows : [];
}

function isResult(value: unknown): value is pg.QueryResult<Record<string, unknown>> {
  return value instanceof pg.Result;
}

const ATTEMPTS_MAX = 6;

/**
 * Runs `work` in one transaction and commits it; anything thrown rolls it back.
 *
 * Why the retries: a serialization failure or a deadlock (40001, 40P01) says that nothing was done and that another try may
 * succeed, so does a plan that a migration has outdated; so `work` must have no effects outside `tx`.
 */
export async function inTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(async (tx) => {
        const held = { open: true };
        try {
          return await transaction.run(held, () => work(tx));
        } finally {
          held.open = false;
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

/** Says whether a unique index refused the row: `constraint` names it, any when left out. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, '23505', constraint);
}

export function isExclusionViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, '23P01', constraint);
}

/** Says whether a reference refused it. PostgreSQL 18 tells `on delete restrict` (23001) from the rest (23503). */
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

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
// What `pg` says without a code when a connection breaks under a query or cannot be had in time.
const lostConnection =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed)/;

/** Says whether the failure is the database's absence (not reachable, shutting down, out of connections) and not ours. */
export function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // What is FATAL ended the connection, or refused one: shutting down, too many, closed for maintenance. The rest are
  // connection errors (08), exhausted resources (53), failures of the machine (58) and a server that became read-only (25006).
  if (error instanceof pg.DatabaseError) return error.severity === 'FATAL' || /^(08|53|58|57P0|25006)/.test(code);
  return networkCodes.has(code) || lostConnection.test(error.message);
}

function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

const INT8 = 20;
const INT8_ARRAY = 1016;
const NUMERIC = 1700;
const NUMERIC_ARRAY = 1231;
const DATE = 1082;
const DATE_ARRAY = 1182;

function parseInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit a safe integer`);
  return value;
}

/** A sum of bigints is a numeric: without a fraction it must be exact. */
function parseNumeric(text: string): number {
  return /^-?[0-9]+$/.test(text) ? parseInteger(text) : Number(text);
}

// Casts, since the driver's list of type names leaves out text[], whose parser it has.
const textArray = 1009 as Parameters<typeof pg.types.getTypeParser>[0];
const parseTexts = pg.types.getTypeParser(textArray) as (text: string) => (string | null)[];

function arrayOf(parse: (text: string) => unknown): (text: string) => unknown[] {
  return (text) => parseTexts(text).map((element) => (element === null ? null : parse(element)));
}

/** Wire text to values: bigint and numeric are numbers, date stays 'YYYY-MM-DD', timestamptz is a Date. */
const parsers = new Map<number, (text: string) => unknown>([
  [INT8, parseInteger],
  [INT8_ARRAY, arrayOf(parseInteger)],
  [NUMERIC, parseNumeric],
  [NUMERIC_ARRAY, arrayOf(parseNumeric)],
  [DATE, (text) => text],
  [DATE_ARRAY, parseTexts],
]);

const types: pg.CustomTypesConfig = {
  getTypeParser(oid, format): unknown {
    return (format === 'binary' ? undefined : parsers.get(oid)) ?? pg.types.getTypeParser(oid, format);
  },
};
