import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDatabase } from '../db/database.ts';
import { migrate, migrationsFolder } from '../db/migrate.ts';

const MIGRATION = '0055-one-queue.sql';

/** The tables and columns of pg-boss 12 that the migration reads. */
const queue = `
  create schema pgboss;
  create type pgboss.job_state as enum ('created', 'retry', 'active', 'completed', 'cancelled', 'failed');
  create table pgboss.schedule (name text);
  create table pgboss.job (
    name text, data jsonb, state pgboss.job_state default 'created', created_on timestamptz default '2026-03-01',
    start_after timestamptz default '2026-03-02', source_name text, source_created_on timestamptz,
    source_retry_count int, source_output jsonb);
  insert into pgboss.schedule values ('finish_orders');
  insert into pgboss.job (name, data, state) values
    ('forget_card', '{"customer_key": "cus_1"}', 'created'), ('forget_card', '{"customer_key": "cus_2"}', 'active'),
    ('forget_card', '{"customer_key": "cus_3"}', 'retry'), ('forget_card', '{"customer_key": "cus_4"}', 'completed'),
    ('finish_orders', null, 'created'), ('__pgboss__send-it', null, 'created');
  insert into pgboss.job (name, data, source_name, source_retry_count, source_output) values
    ('dead_jobs', '{"customer_key": "cus_5"}', 'forget_card', 5, '{"message": "Error: unreachable"}');`;

test('jobs that waited in the tables of pg-boss continue in the outbox and failed ones are parked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'before-one-queue-'));
  for (const name of await readdir(migrationsFolder))
    if (name < MIGRATION) await cp(join(migrationsFolder, name), join(folder, name));
  const database = await openDatabase({ memory: true });
  await migrate(database.db, undefined, folder);
  await rm(folder, { recursive: true });
  await database.executeSql(queue);
  await migrate(database.db);
  const rows = await database.db.selectFrom('outbox_events').selectAll().orderBy('payload').execute();
  assert.deepEqual(
    rows.map(({ name, payload, parked_at, last_error }) => [name, payload, parked_at !== null, last_error]),
    [
      ['job:forget_card', { customer_key: 'cus_1' }, false, null],
      ['job:forget_card', { customer_key: 'cus_2' }, false, null],
      ['job:forget_card', { customer_key: 'cus_3' }, false, null],
      ['job:forget_card', { customer_key: 'cus_5' }, true, '{"message": "Error: unreachable"}'],
    ],
  );
  assert.deepEqual(rows[0]?.next_attempt_at, new Date('2026-03-02T00:00:00Z'));
  assert.deepEqual((await database.executeSql("select to_regclass('pgboss.job') as job")).rows, [{ job: null }]);
  await database.close();
});
