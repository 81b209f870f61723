import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { postEvent, sealLedger } from '#ledger';
import { type Database, inTransaction, openDatabase } from '#platform/db/database';
import { migrate } from '#platform/db/migrate';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { makeParty, makeSubject, orderEntry } from '../support/factories/ledger.ts';
import { startProgram } from '../support/program.ts';
import { TEST_SECRET } from '../support/test-secret.ts';

/** The database that the commands open: a clone on the server, or a folder, which one process opens at a time. */
let server: TestDatabase | null = null;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-ledger-'));
  if (process.env['TEST_DATABASE_URL']) server = await openTestDatabase();
});
after(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  if (server) return work(server);
  const database = await openDatabase({ folder: join(folder, 'database') });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function run(...args: string[]): Promise<{ status: number | null; output: string }> {
  const place = server?.url ? { DATABASE_URL: server.url } : { DATA_FOLDER: folder };
  const program = startProgram(['src/main.ts', 'ledger', ...args], {
    ...place,
    SECRET_KEY: TEST_SECRET,
    LOG_LEVEL: 'error',
  });
  const status = await program.exited;
  return { status, output: program.output() };
}

test('the command prints the last seal, accepts it as a checkpoint, and fails on a changed row', async () => {
  await withDatabase(async ({ db }) => {
    await migrate(db);
    const [provider, payer] = [await makeParty(db), await makeParty(db)];
    const post = (key: string) =>
      inTransaction(db, (tx) => {
        const entries = [orderEntry({ provider, payer, amount: 2000, subject: makeSubject() })];
        return postEvent(tx, { key, kind: 'test', at: new Date('2026-03-10T15:00:00Z'), entries });
      });
    await post('test:1');
    await sealLedger(db);
    await post('test:2');
  });
  const verified = await run('verify');
  assert.equal(verified.status, 0, verified.output);
  assert.match(verified.output, /^2 entries in 2 events: the ledger is balanced$/m);
  assert.match(verified.output, /^1 events are not sealed, the oldest for [0-9.]+ s$/m);
  const seal = /^last seal (1:[0-9a-f]{64})$/m.exec(verified.output)?.[1];
  assert.ok(seal, verified.output);
  assert.equal((await run('verify', '--from', seal)).status, 0);
  const other = await run('verify', '--from', `1:${'0'.repeat(64)}`);
  assert.equal(other.status, 1);
  assert.match(other.output, /^the checkpoint is a seal of the chain: seal 1: its hash is /m);
  const unreadable = await run('verify', '--from', 'yesterday');
  assert.deepEqual([unreadable.status, /--from: give the number of a seal/.test(unreadable.output)], [2, true]);

  assert.equal((await run('rebuild-balances')).status, 0);
  await withDatabase(({ db }) => sql`update metric_sums set amount = 7 where series = 'sales'`.execute(db));
  const wrong = await run('verify');
  assert.equal(wrong.status, 1);
  assert.match(
    wrong.output,
    /^the figures of the reports are the sums of their entries: sales of scope \d+ in usd, day of 2026-03-10 .*: the figure is 7, the sum is 4000$/m,
  );
  const repaired = await run('rebuild-balances');
  assert.equal(repaired.status, 0, repaired.output);

  await withDatabase(({ db }) =>
    inTransaction(db, async (tx) => {
      await sql`set local session_replication_role = replica`.execute(tx);
      await sql`update ledger_entries set description = 'Other' where id = 1`.execute(tx);
    }),
  );
  const broken = await run('verify');
  assert.equal(broken.status, 1);
  assert.match(broken.output, /^the hash of an event is that of its rows: event 1: /m);
});
