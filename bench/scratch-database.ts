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
  try {
    await onServer((client) => client.query(`create database ${name}`));
  } catch (error) {
    return {
      reason: `no PostgreSQL at ${server.replace(/:[^:@/]*@/, '@')}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () =>
      onServer((client) => client.query(`drop database if exists ${name} with (force)`)).then(() => undefined),
  };
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
