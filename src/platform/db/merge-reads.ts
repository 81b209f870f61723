import assert from 'node:assert/strict';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { Reader } from './database.ts';
import type { Schema } from './db-schema.ts';

/** A row whose columns are read by name. */
export type Row = Record<string, unknown>;
type Read = (reader: Reader) => Promise<unknown>;
type Results<T extends readonly Read[]> = { -readonly [I in keyof T]: Awaited<ReturnType<T[I]>> };
type Rows<T extends readonly CompiledQuery<unknown>[]> = {
  -readonly [I in keyof T]: T[I] extends CompiledQuery<infer O> ? O[] : never;
};

/**
 * Runs independent reads and sends their queries to the database in one statement; a second query of each read goes
 * into a second statement, and so on. Each read gets its own reader and must not wait for another read.
 *
 * Why: the round trip and the wake-ups around a statement cost more than a lookup of one page by primary key.
 */
export async function mergeReads<const T extends readonly Read[]>(reader: Reader, reads: T): Promise<Results<T>> {
  const round = new Round(reader, reads.length);
  const results = await Promise.all(
    reads.map(async (read) => {
      try {
        return await read(round.open());
      } finally {
        round.close();
      }
    }),
  );
  // Cast: the mapped array has the length and the order of `reads`.
  return results as Results<T>;
}

/** Executes compiled queries in one statement, and returns the rows of each. */
export async function executeMerged<const T extends readonly CompiledQuery<unknown>[]>(
  reader: Reader,
  queries: T,
): Promise<Rows<T>> {
  // Cast: one array of rows per query, in the same order.
  return (await executeAll(reader, queries)) as Rows<T>;
}

async function executeAll(reader: Reader, queries: readonly CompiledQuery<unknown>[]): Promise<unknown[][]> {
  const [first] = queries;
  if (first !== undefined && queries.length === 1) return [(await reader.executeQuery(first)).rows];
  const { rows } = await reader.executeQuery<Record<string, Row[]>>(merge(queries));
  return queries.map((_, index) => (rows[0]?.[`part_${index}`] ?? []).map(reviveInstants));
}

/** Each query becomes a JSON array of its rows, in their order. */
function merge(queries: readonly CompiledQuery<unknown>[]): CompiledQuery<Record<string, Row[]>> {
  const parameters: unknown[] = [];
  const parts = queries.map((query, index) => {
    const shift = parameters.length;
    parameters.push(...query.parameters);
    const text = query.sql.replaceAll(/\$([0-9]+)/g, (_, number: string) => `$${Number(number) + shift}`);
    return `(select coalesce(json_agg(part_row), '[]') from (${text}) part_row) as part_${index}`;
  });
  return CompiledQuery.raw(`select ${parts.join(', ')}`, parameters);
}

const instantColumn = /(?:^at|_at|_until|_from|^covers_to|^last_signed)$/;

/** True if a column with this name holds instants; JSON has no type for them, therefore their names decide. */
export function isInstantColumn(name: string): boolean {
  return instantColumn.test(name);
}

/** Restores the instants of a row that was read as JSON. */
export function reviveInstants(row: Row): Row {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'string' && isInstantColumn(name)) row[name] = new Date(value);
  }
  return row;
}

interface Part {
  query: CompiledQuery<unknown>;
  resolve(rows: unknown[]): void;
  reject(error: unknown): void;
}

/** Collects the queries of the reads; sends them when every read that is not finished waits for one. */
class Round {
  readonly #reader: Reader;
  #busy: number;
  #parts: Part[] = [];

  constructor(reader: Reader, reads: number) {
    this.#reader = reader;
    this.#busy = reads;
  }

  /** Returns the reader of one read. */
  open(): Reader {
    let waiting = 0;
    return collectingReader(async (query) => {
      if (waiting === 0) this.#busy -= 1;
      waiting += 1;
      const rows = new Promise<unknown[]>((resolve, reject) => this.#parts.push({ query, resolve, reject }));
      void this.#sendWhenAllWait();
      try {
        return await rows;
      } finally {
        waiting -= 1;
        if (waiting === 0) this.#busy += 1;
      }
    });
  }

  /** One read is finished. */
  close(): void {
    this.#busy -= 1;
    void this.#sendWhenAllWait();
  }

  async #sendWhenAllWait(): Promise<void> {
    if (this.#busy > 0 || this.#parts.length === 0) return;
    const parts = this.#parts;
    this.#parts = [];
    try {
      const results = await executeAll(
        this.#reader,
        parts.map(({ query }) => query),
      );
      for (const [index, part] of parts.entries()) part.resolve(results[index] ?? []);
    } catch (error) {
      for (const part of parts) part.reject(error);
    }
  }
}

/** A reader whose queries are executed by `execute`; it has no transactions and no streams. */
function collectingReader(execute: (query: CompiledQuery<unknown>) => Promise<unknown[]>): Reader {
  const refuse = (): never => assert.fail('a read opens no transaction and streams nothing');
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      // Cast: the caller states the type of the rows, as for every query.
      return { rows: (await execute(query)) as R[] };
    },
    streamQuery: refuse,
  };
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => {},
    destroy: async () => {},
  };
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}
