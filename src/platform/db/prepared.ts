import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { BEGIN, type Batch, COMMIT, endingOf, Exchange, findBatch } from './exchange.ts';
import { type GatedPool, rowsOf } from './gated-pool.ts';

/**
 * Executions of a text before it is prepared: a text that occurs once (a list of ids, a search) needs no stored plan.
 */
const RUNS_MIN = 10;
/** Maximum number of prepared statements per connection: a plan takes about 50 KB on the server. */
const NAMES_MAX = 400;
/** Maximum number of counted texts; above it the counts are reset. */
const COUNTED_MAX = 2000;

/** Texts of queries that are built once, and therefore repeat. */
const repeating = new Set<string>();

/** Prepares a text at its first execution on each connection. For texts of the program only: the set is not bounded. */
export function prepareAtFirstRun(text: string): void {
  repeating.add(text);
}

/**
 * The pool for Kysely; statements that repeat are prepared under a name.
 *
 * Why: the server parses and plans an unnamed statement each time, which for a join of five tables takes longer than
 * its execution. The server still chooses between a generic and a custom plan (`plan_cache_mode`).
 */
export function preparing(pool: GatedPool): PostgresPool {
  const names = makeStatementNames();
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  function preparedClient(client: pg.PoolClient): PostgresPoolClient {
    const prepared = new PreparedClient(pool, client, names);
    return {
      // The driver's result has the shape that Kysely expects, which its types do not declare; no cursors are used.
      query: ((text: string, values: unknown[]) => prepared.run(text, values)) as PostgresPoolClient['query'],
      release: (destroy) => prepared.release(destroy),
    };
  }
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      let prepared = clients.get(client);
      if (!prepared) clients.set(client, (prepared = preparedClient(client)));
      return prepared;
    },
  };
}

/**
 * One connection of the pool for Kysely. `begin` is sent with the first statement of the transaction; a transaction
 * without statements is not sent. The statements of a batch are sent together, with the commit of their transaction.
 */
class PreparedClient {
  readonly #pool: GatedPool;
  readonly #client: pg.PoolClient;
  readonly #names: StatementNames;
  /** Names that were prepared on this connection. */
  readonly #prepared = new Set<string>();
  #transaction: 'none' | 'waiting' | 'open' | 'committed' = 'none';

  constructor(pool: GatedPool, client: pg.PoolClient, names: StatementNames) {
    this.#pool = pool;
    this.#client = client;
    this.#names = names;
  }

  /** Runs a statement, or the statements of a batch, whose rows are then one row each. */
  async run(text: string, values: unknown[]): Promise<unknown> {
    if (text === 'begin') return this.#begin();
    if (text === 'commit' || text === 'rollback') return this.#end(text);
    const batch = findBatch(text);
    return batch ? this.#runBatch(batch, values) : this.#runOne(text, values);
  }

  release(destroy?: boolean): void {
    this.#transaction = 'none';
    this.#client.release(destroy);
  }

  async #begin(): Promise<unknown> {
    if (this.#prepared.has(BEGIN.name)) {
      this.#transaction = 'waiting';
      return { command: 'BEGIN', rows: [] };
    }
    this.#transaction = 'open';
    return this.#send(BEGIN);
  }

  async #end(text: 'commit' | 'rollback'): Promise<unknown> {
    const was = this.#transaction;
    this.#transaction = 'none';
    if (was === 'waiting' || was === 'committed') return { command: text.toUpperCase(), rows: [] };
    return text === 'commit' ? this.#send(COMMIT) : this.#pool.executeWatched(this.#client, { text });
  }

  /** Sends one statement, with `begin` if its transaction waits for it. */
  async #send(query: pg.QueryConfig<unknown[]>): Promise<unknown> {
    const sent = await this.#sendNow(query);
    if (query.name !== undefined) this.#prepared.add(query.name);
    return sent;
  }

  async #sendNow(query: pg.QueryConfig<unknown[]>): Promise<unknown> {
    if (this.#transaction !== 'waiting') return this.#pool.executeWatched(this.#client, query);
    this.#transaction = 'open';
    if (query.values && query.values.length > 0) {
      const begun = await this.#sendTogether({ begins: true, statements: [query], commits: 'no' });
      return begun[0];
    }
    await this.#pool.executeWatched(this.#client, BEGIN);
    return this.#pool.executeWatched(this.#client, query);
  }

  async #sendTogether(exchange: Pick<Exchange, 'begins' | 'statements' | 'commits'>): Promise<unknown[]> {
    // The pool returns the results of an exchange as an array.
    return (await this.#pool.executeWatched(this.#client, new Exchange(exchange))) as unknown[];
  }

  async #runOne(text: string, values: unknown[]): Promise<unknown> {
    if (this.#transaction === 'committed') throw new Error('the last statement of the transaction has committed it');
    const name = values.length === 0 ? null : this.#names.nameOf(text);
    if (name === null) return this.#send({ text, values });
    try {
      return await this.#send({ name, text, values });
    } catch (error) {
      if (!isPlanStale(error)) throw error;
      this.#names.renew();
      // Inside a transaction no further statement can run: `inTransaction` retries the transaction.
      if (this.#transaction !== 'none') throw error;
      return this.run(text, values);
    }
  }

  /** Runs the statements of a batch together when all are prepared, otherwise one after the other. */
  async #runBatch({ texts, value_counts, commits }: Batch, values: unknown[]): Promise<unknown> {
    if (this.#transaction === 'none') throw new Error('a batch runs inside a transaction');
    let first = 0;
    const statements = texts.map((text, index) => {
      const name = this.#names.nameOf(text) ?? '';
      return { name, text, values: values.slice(first, (first += value_counts[index] ?? 0)) };
    });
    const ending = endingOf(commits);
    const isReady = [...statements, BEGIN, ...ending].every(({ name }) => this.#prepared.has(name));
    const results: unknown[] = [];
    if (isReady && this.#transaction !== 'committed') {
      const begins = this.#transaction === 'waiting';
      this.#transaction = 'open';
      try {
        results.push(...(await this.#sendTogether({ begins, statements, commits })));
      } catch (error) {
        if (isPlanStale(error)) this.#names.renew();
        throw error;
      }
    } else {
      for (const { text, values: own } of statements) results.push(await this.#runOne(text, own));
      for (const query of ending) await (query === COMMIT ? this.#end('commit') : this.#send(query));
    }
    if (commits !== 'no') this.#transaction = 'committed';
    return { command: 'BATCH', rows: results.map((result) => ({ rows: rowsOf(result) })) };
  }
}

interface StatementNames {
  /** Returns the name of the prepared statement of a text; null while it is not prepared. */
  nameOf(text: string): string | null;
  /** Renames every statement, so that no existing plan is used again. */
  renew(): void;
}

function makeStatementNames(): StatementNames {
  let runs = new Map<string, number>();
  let names = new Map<string, string>();
  let count = 0;
  return {
    nameOf(text) {
      const name = names.get(text);
      if (name !== undefined) return name;
      if (!repeating.has(text)) {
        if (names.size >= NAMES_MAX) return null;
        const ran = (runs.get(text) ?? 0) + 1;
        if (ran < RUNS_MIN) {
          if (runs.size >= COUNTED_MAX) runs = new Map();
          runs.set(text, ran);
          return null;
        }
        runs.delete(text);
      }
      const new_name = `q${(count += 1)}`;
      names.set(text, new_name);
      return new_name;
    },
    renew() {
      names = new Map();
    },
  };
}

/** True if a prepared statement is outdated: a migration changed a column. */
export function isPlanStale(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery';
}
