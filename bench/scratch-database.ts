import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { server } from './settings.ts';

export interface ScratchDatabase {
  url: string;
  drop(): Promise<void>;
}

/** Makes an empty database on the server; returns the reason when the server is not reachable. */
export async function makeScratchDatabase(): Promise<ScratchDatabase | { reason: string }> {
  const name = `tollgate_bench_${randomBytes(6).toString('hex')}`;
  return (
    (await explainFailure(() => onServer((client) => client.query(`create database ${name}`)))) ?? {
      url: urlOf(name),
      drop: () =>
        onServer((client) => client.query(`drop database if exists ${name} with (force)`)).then(() => undefined),
    }
  );
}

/**
 * Opens a database that outlives the run, or makes it; returns the reason when the server is not reachable. A database
 * whose comment is not `comment` is dropped first: an earlier run did not finish it.
 */
export async function makeNamedDatabase(name: string, comment: string): Promise<ScratchDatabase | { reason: string }> {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) return { reason: `${name} is no name of a database: a-z, 0-9 and _` };
  const failure = await explainFailure(() =>
    onServer(async (client) => {
      const { rows } = await client.query<{ comment: string | null }>(
        `select shobj_description(oid, 'pg_database') as comment from pg_database where datname = $1`,
        [name],
      );
      if (rows[0]?.comment === comment) return;
      await client.query(`drop database if exists ${name} with (force)`);
      await client.query(`create database ${name}`);
    }),
  );
  return failure ?? { url: urlOf(name), drop: async () => {} };
}

function urlOf(name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function explainFailure(work: () => Promise<unknown>): Promise<{ reason: string } | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return {
      reason: `no PostgreSQL at ${server.replace(/:[^:@/]*@/, '@')}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 3000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
