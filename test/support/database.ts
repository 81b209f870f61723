import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { openDatabase, type Database } from '../../src/platform/db/database.ts';
import { useMasterKey } from '../../src/platform/security/link-keys.ts';
import { usePasswordMemory } from '../../src/platform/security/password.ts';
import { migrate, readMigrations } from '../../src/platform/db/migrate.ts';
import { openPGlite } from '../../src/platform/db/pglite.ts';
import { type Pristine, readPristine, resetDatabase, type RunSql } from './reset-database.ts';
import { TEST_PASSWORD_MEMORY_KIB, TEST_SECRET } from './test-secret.ts';

export type TestDatabase = Database & { url: string | null };

/**
 * Opens a migrated, empty database for the test file.
 *
 * With TEST_DATABASE_URL it is cloned from a template on that server, else a PGlite restored from a snapshot.
 * Both are made once per state of the migrations. A closed database is brought back to its first state and used again
 * by the next file of the process.
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  useMasterKey(TEST_SECRET);
  usePasswordMemory(TEST_PASSWORD_MEMORY_KIB);
  const key = await stateOfMigrations();
  const server = process.env['TEST_DATABASE_URL'];
  return server ? openClone(server, key) : openSnapshot(key);
}

/** Databases of this process that are in their first state again, and what that is. */
const free = { clones: [] as string[], lites: [] as PGlite[] };
const pristine: { clone?: Pristine; lite?: Pristine } = {};

async function openClone(server: string, key: string): Promise<TestDatabase> {
  const name = free.clones.pop() ?? (await makeClone(server, key));
  const url = databaseUrl(server, name);
  const database = await openDatabase({ url });
  return {
    ...database,
    url,
    async close() {
      await database.close();
      // The drop waits for a checkpoint; the next file need not. The process ends after the drop.
      const drop = () => void withClient(server, (client) => client.query(`drop database ${name} with (force)`));
      if (await withClient(url, cleanClone)) keepForNext(free.clones, name, drop);
      else drop();
    },
  };
}

const IDLE_MS_MAX = 1000;

/** Keeps a database for the next file of the process, and ends it when no file takes it. */
function keepForNext<Kept>(kept: Kept[], database: Kept, end: () => void): void {
  kept.push(database);
  setTimeout(() => {
    const place = kept.indexOf(database);
    if (place < 0) return;
    kept.splice(place, 1);
    end();
  }, IDLE_MS_MAX);
}

/** Returns false when a program still uses the database, or a test changed its schema. */
async function cleanClone(client: pg.Client): Promise<boolean> {
  const others = await client.query(
    'select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  if (others.rows.length > 0 || !pristine.clone) return false;
  return resetDatabase((...sql) => client.query(...sql), pristine.clone);
}

async function makeClone(server: string, key: string): Promise<string> {
  const template = `tollgate_template_${key}`;
  const name = `tollgate_test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await withClient(server, async (client) => {
    await ensureTemplate(client, server, template);
    // A file copy requests a checkpoint of the whole server.
    await client.query(`create database ${name} template ${template} strategy wal_log`);
    // No test depends on rows that survive a crash of the server.
    await client.query(`alter database ${name} set synchronous_commit = off`);
  });
  pristine.clone ??= await withClient(databaseUrl(server, name), (client) =>
    readPristine((...sql) => client.query(...sql)),
  );
  return name;
}
async function ensureTemplate(client: pg.Client, server: string, template: string): Promise<void> {
  const exists = async () =>
    (await client.query('select 1 from pg_database where datname = $1', [template])).rows.length > 0;
  if (await exists()) return;
  await client.query('select pg_advisory_lock(7302605012)');
  try {
    if (await exists()) return;
    // Made under another name first, so that an existing template is complete.
    await client.query(`drop database if exists ${template}_building with (force)`);
    await client.query(`create database ${template}_building`);
    const building = await openDatabase({ url: databaseUrl(server, `${template}_building`) });
    await prepare(building);
    await building.close();
    await client.query(`alter database ${template}_building rename to ${template}`);
  } finally {
    await client.query('select pg_advisory_unlock(7302605012)');
  }
}

async function openSnapshot(key: string): Promise<TestDatabase> {
  const lite = free.lites.pop() ?? (await restoreLite(key));
  const database = await openDatabase({ opened: lite });
  return {
    ...database,
    url: null,
    async close() {
      await database.close();
      await lite.exec('rollback');
      await lite.exec('discard all'); // not inside a transaction, which several statements are
      if (pristine.lite && (await resetDatabase(runOn(lite), pristine.lite)))
        keepForNext(free.lites, lite, () => void lite.close());
      else await lite.close();
    },
  };
}

async function restoreLite(key: string): Promise<PGlite> {
  const file = join(tmpdir(), `tollgate-snapshot-${key}.tar`);
  await ensureSnapshot(file);
  const lite = await openPGlite({ memory: true, snapshot: new WholeBlob(await readFile(file)) });
  pristine.lite ??= await readPristine(runOn(lite));
  return lite;
}

/** Runs several statements without parameters, or one with them. */
function runOn(lite: PGlite): RunSql {
  return async (text, values) => {
    if (values !== undefined) return lite.query<Record<string, unknown>>(text, values);
    const results = await lite.exec(text);
    return { rows: results.flatMap(({ rows }) => rows as Record<string, unknown>[]) };
  };
}

/** Returns its bytes at once: a Blob joins them from parts of 64 KiB, which took a third of the time of a start. */
class WholeBlob extends Blob {
  readonly #bytes: Buffer<ArrayBuffer>;

  constructor(bytes: Buffer<ArrayBuffer>) {
    super([]);
    this.#bytes = bytes;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  }
}

async function ensureSnapshot(file: string): Promise<void> {
  while (!existsSync(file)) {
    if (!(await takeLock(`${file}.lock`))) {
      await sleep(100);
      continue;
    }
    try {
      if (existsSync(file)) return;
      const building = await openDatabase({ memory: true, snapshot: await makeSmallCluster() });
      await prepare(building);
      await shrink(building);
      const dump = await building.dump();
      await building.close();
      // Renamed when complete, so that no other process reads a part of it.
      await writeFile(`${file}.${process.pid}`, Buffer.from(await dump.arrayBuffer()));
      await rename(`${file}.${process.pid}`, file);
    } finally {
      await rmdir(`${file}.lock`);
    }
  }
}

const LOCK_STALE_MS = 60_000;

async function takeLock(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch {
    const held = await stat(folder).catch(() => null);
    // Left by a process that ended while it built the snapshot.
    if (held && Date.now() - held.mtimeMs > LOCK_STALE_MS) await rmdir(folder).catch(() => {});
    return false;
  }
}

/**
 * Small files of the log and a small cache: each start writes all files of a snapshot (50 MB with the defaults, 18 MB
 * with these) and clears the cache. Measured: 0.40 s of CPU per start with the defaults, 0.25 s with these.
 */
const SMALL_CLUSTER = {
  parameters: ['--wal-segsize=1'],
  settings: { shared_buffers: '16MB', min_wal_size: '2MB', wal_recycle: 'off' },
};

/** Returns the data directory of an empty PGlite. */
async function makeSmallCluster(): Promise<Blob> {
  const lite = await PGlite.create({ initDbStartParams: SMALL_CLUSTER.parameters });
  try {
    for (const [name, value] of Object.entries(SMALL_CLUSTER.settings))
      await lite.exec(`alter system set ${name} = '${value}'`);
    return await lite.dumpDataDir('none');
  } finally {
    await lite.close();
  }
}

/**
 * Drops the databases that no test uses and writes all pages, so that a restored snapshot replays no log: half of the
 * time of a start is loading the data directory.
 */
async function shrink(building: Database): Promise<void> {
  await building.executeSql(`update pg_database set datistemplate = false where datname like 'template%'`);
  for (const name of ['template0', 'template1']) await building.executeSql(`drop database ${name}`);
  await building.executeSql('checkpoint');
}

async function prepare(database: Database): Promise<void> {
  await migrate(database.db);
}

async function stateOfMigrations(): Promise<string> {
  const hash = createHash('sha256');
  for (const { name, checksum } of await readMigrations()) hash.update(`${name}:${checksum}\n`);
  hash.update(await versionOf('@electric-sql/pglite'));
  hash.update(JSON.stringify(SMALL_CLUSTER));
  return hash.digest('hex').slice(0, 16);
}

async function versionOf(module: string): Promise<string> {
  const text = await readFile(new URL(`../../node_modules/${module}/package.json`, import.meta.url), 'utf8');
  return `${module}@${String(JSON.parse(text).version)}\n`;
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
