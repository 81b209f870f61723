import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { GatedPool } from './gated-pool.ts';

/** Runs of a text after which it is prepared: what is made up once (a list of ids, a search) is not worth a plan. */
const RUNS_MIN = 10;
/** Statements that are prepared at most, on each connection: a plan takes the server some 50 KB. */
const NAMES_MAX = 400;
/** Texts whose runs are counted; when there are more, counting begins anew. */
const COUNTED_MAX = 2000;

/**
 * The pool as Kysely sees it, with statements prepared under a name once they have proved to come back.
 *
 * Why: the server parses and plans an unnamed statement each time, which for a join of five tables takes longer than
 * running it. Which plan fits is still the server's choice (`plan_cache_mode`).
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

function preparedClient(pool: GatedPool, client: pg.PoolClient, names: StatementNames): PostgresPoolClient {
  async function run(text: string, values: unknown[]): Promise<unknown> {
    const name = values.length === 0 ? null : names.nameOf(text);
    if (name === null) return pool.ask(client, { text, values });
    try {
      return await pool.ask(client, { name, text, values });
    } catch (error) {
      if (!isPlanStale(error)) throw error;
      names.renew();
      // Inside a transaction nothing more can be run: `inTransaction` tries again as a whole.
      if (client.getTransactionStatus() !== 'I') throw error;
      return run(text, values);
    }
  }
  return {
    // The driver's result is what Kysely expects of it, which its types cannot say; cursors are not used.
    query: run as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy),
  };
}

interface StatementNames {
  /** The name under which a text is prepared; null while it is not worth it. */
  nameOf(text: string): string | null;
  /** Gives every statement another name, so that none of the plans made so far is used again. */
  renew(): void;
}

function makeStatementNames(): StatementNames {
  let runs = new Map<string, number>();
  let names = new Map<string, string>();
  let count = 0;
  return {
    nameOf(text) {
      const known = names.get(text);
      if (known !== undefined) return known;
      if (names.size >= NAMES_MAX) return null;
      const ran = (runs.get(text) ?? 0) + 1;
      if (ran < RUNS_MIN) {
        if (runs.size >= COUNTED_MAX) runs = new Map();
        runs.set(text, ran);
        return null;
      }
      runs.delete(text);
      const name = `q${(count += 1)}`;
      names.set(text, name);
      return name;
    },
    renew() {
      names = new Map();
    },
  };
}

/** Says whether a prepared statement no longer fits its tables: a migration has changed a column since. */
export function isPlanStale(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery';
}
