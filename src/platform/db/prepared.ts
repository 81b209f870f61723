import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { BEGIN } from './begin-with.ts';
import type { GatedPool } from './gated-pool.ts';

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
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      let prepared = clients.get(client);
      if (!prepared) clients.set(client, (prepared = preparedClient(pool, client, names)));
      return prepared;
    },
  };
}

/**
 * One connection of the pool for Kysely. `begin` is sent with the first statement of the transaction; a transaction
 * without statements is not sent.
 */
function preparedClient(pool: GatedPool, client: pg.PoolClient, names: StatementNames): PostgresPoolClient {
  let transaction: 'none' | 'waiting' | 'open' = 'none';
  let is_begin_prepared = false;

  async function begin(): Promise<unknown> {
    if (is_begin_prepared) {
      transaction = 'waiting';
      return { command: 'BEGIN', rows: [] };
    }
    transaction = 'open';
    const begun = await pool.executeWatched(client, BEGIN);
    is_begin_prepared = true;
    return begun;
  }

  async function end(text: 'commit' | 'rollback'): Promise<unknown> {
    const was = transaction;
    transaction = 'none';
    return was === 'waiting' ? { command: text.toUpperCase(), rows: [] } : pool.executeWatched(client, { text });
  }

  async function send(query: pg.QueryConfig<unknown[]>): Promise<unknown> {
    if (transaction !== 'waiting') return pool.executeWatched(client, query);
    transaction = 'open';
    if (query.values && query.values.length > 0) return pool.executeWatched(client, query, true);
    await pool.executeWatched(client, BEGIN);
    return pool.executeWatched(client, query);
  }

  async function run(text: string, values: unknown[]): Promise<unknown> {
    if (text === 'begin') return begin();
    if (text === 'commit' || text === 'rollback') return end(text);
    const name = values.length === 0 ? null : names.nameOf(text);
    if (name === null) return send({ text, values });
    try {
      return await send({ name, text, values });
    } catch (error) {
      if (!isPlanStale(error)) throw error;
      names.renew();
      // Inside a transaction no further statement can run: `inTransaction` retries the transaction.
      if (transaction !== 'none') throw error;
      return run(text, values);
    }
  }
  return {
    // The driver's result has the shape that Kysely expects, which its types do not declare; no cursors are used.
    query: run as PostgresPoolClient['query'],
    release: (destroy) => {
      transaction = 'none';
      client.release(destroy);
    },
  };
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
