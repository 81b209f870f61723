import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { openDatabase } from '#platform/db/database';
import { migrate } from '#platform/db/migrate';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { onDatabase } from './on-database.ts';
import { makeNamedDatabase, makeScratchDatabase, type ScratchDatabase } from './scratch-database.ts';

/** A site on a database with many rows. */
export interface FilledSite {
  site: BenchSite;
  database_url: string;
  /** Token of a manager of the site. */
  token: string;
}

/** Rows that a database has, and how they are made. */
export interface Filling {
  /** File that makes them: a database that another file or another number filled is filled anew. */
  by: string;
  rows: number;
  fill(client: pg.Client, rows: number): Promise<void>;
}

/** Comment of a database whose tables are filled; a database without it was interrupted and is filled anew. */
const filled = ({ by, rows }: Filling) => `filled by ${by} with ${rows} rows`;

/**
 * Runs a piece of work on a site whose database has the rows. With `kept`, the database is `<kept>_<rows>`: it is
 * filled when it is missing, and stays. Without it, the database is dropped after the work.
 *
 * @throws Error when there is no server
 */
export async function onFilledSite<T>(
  filling: Filling,
  kept: string | null,
  stopped: (database: ScratchDatabase) => void,
  work: (site: FilledSite) => Promise<T>,
): Promise<T> {
  const name = `${kept}_${filling.rows}`;
  const database = await (kept === null ? makeScratchDatabase() : makeNamedDatabase(name, filled(filling)));
  if ('reason' in database) throw new Error(database.reason);
  stopped(database);
  try {
    const site = await startFilledSite(database.url, kept);
    try {
      const token = await site.registerManager(`bench-manager-${randomBytes(4).toString('hex')}`);
      await onDatabase(database.url, (client) => fillOnce(client, filling));
      return await work({ site, database_url: database.url, token });
    } finally {
      await site.stop();
    }
  } finally {
    await database.drop();
  }
}

/** Migrates a kept database, and starts the program with a key of its name: a database accepts one key only. */
async function startFilledSite(database_url: string, kept: string | null): Promise<BenchSite> {
  if (kept === null) return startBenchSite(database_url);
  // The program is stopped when it does not start within a minute: an index of a large table takes longer.
  const database = await openDatabase({ url: database_url });
  try {
    await migrate(database.db, () => {});
  } finally {
    await database.close();
  }
  const SECRET_KEY = createHash('sha512').update(`bench ${kept}`).digest('base64url');
  return startBenchSite(database_url, { environment: { SECRET_KEY } });
}

async function fillOnce(client: pg.Client, filling: Filling): Promise<void> {
  const { rows: found } = await client.query<{ comment: string | null }>(
    `select shobj_description(oid, 'pg_database') as comment from pg_database where datname = current_database()`,
  );
  if (found[0]?.comment === filled(filling)) return;
  await filling.fill(client, filling.rows);
  const { rows: names } = await client.query<{ name: string }>('select current_database() as name');
  await client.query(`comment on database ${pg.escapeIdentifier(names[0]?.name ?? '')} is '${filled(filling)}'`);
}
