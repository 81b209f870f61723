import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { inTransaction, type Db, type Tx } from './database.ts';

/** One migration: a file of plain SQL, run once, immutable afterwards. */
export interface Migration {
  name: string;
  text: string;
  checksum: string;
}

export const migrationsFolder = fileURLToPath(new URL('../../../migrations/', import.meta.url));

/** Key of the advisory lock: any constant that is equal on every node. */
const LOCK_KEY = 7_302_605_011;

/** Reads the migrations in order. Line ends are normalized, so that every checkout has the same checksums. */
export async function readMigrations(folder = migrationsFolder): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = (await readFile(`${folder}/${name}`, 'utf8')).replaceAll('\r\n', '\n');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

/**
 * Runs the missing migrations and returns their names.
 *
 * Each migration is one transaction that takes the advisory lock and then reads the list of completed ones. Nodes that
 * start together are serialized, and a crash leaves no partial migration.
 * @throws Error when the file of a completed migration was changed
 */
export async function migrate(
  db: Db,
  say: (message: string) => void = () => {},
  folder = migrationsFolder,
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const before = await inTransaction(db, async (tx) => {
    await takeLock(tx);
    await sql`
      create table if not exists schema_migrations (name text primary key, checksum text not null, applied_at timestamptz not null)
    `.execute(tx);
    return appliedMigrations(tx);
  });
  requireUnchanged(migrations, before);
  const names = new Set(migrations.map(({ name }) => name));
  for (const name of before.keys()) {
    if (!names.has(name)) say(`migration ${name} is in the database and not in this version: the database is newer`);
  }

  const ran: string[] = [];
  for (const migration of migrations) {
    if (before.has(migration.name)) continue;
    const started = performance.now();
    if (!(await apply(db, migration))) continue;
    ran.push(migration.name);
    say(`migration ${migration.name} applied in ${Math.round(performance.now() - started)} ms`);
  }
  return ran;
}

async function apply(db: Db, migration: Migration): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    await takeLock(tx);
    const applied = await appliedMigrations(tx);
    requireUnchanged([migration], applied);
    if (applied.has(migration.name)) return false;
    try {
      await sql.raw(migration.text).execute(tx);
    } catch (error) {
      throw new Error(`migration ${migration.name} failed: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    await sql`
      insert into schema_migrations (name, checksum, applied_at) values (${migration.name}, ${migration.checksum}, clock_timestamp())
    `.execute(tx);
    return true;
  });
}

async function takeLock(tx: Tx): Promise<void> {
  // The wait for a long migration of another node has no statement timeout.
  await sql`set local statement_timeout = 0`.execute(tx);
  await sql`select pg_advisory_xact_lock(${LOCK_KEY})`.execute(tx);
}

async function appliedMigrations(tx: Tx): Promise<Map<string, string>> {
  const { rows } = await sql<{
    name: string;
    checksum: string;
  }>`select name, checksum from schema_migrations order by name`.execute(tx);
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

function requireUnchanged(migrations: Migration[], applied: Map<string, string>): void {
  for (const { name, checksum } of migrations) {
    const recorded = applied.get(name);
    if (recorded === undefined || recorded === checksum) continue;
    throw new Error(`migration ${name} was changed after it had been applied: add a new migration instead`);
  }
}
