import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { type Database, openDatabase } from '#platform/db/database';
import { migrate, migrationsFolder, readMigrations } from '#platform/db/migrate';
import { fromSubjectColumns, subjectText } from './subject.ts';
import { verifyLedger } from './verification/index.ts';

/** The migration that replaces `event_id` by columns, on databases with data of the versions before it. */
const MIGRATION = '0045-ledger-subjects.sql';
const fixture = new URL('../../test/fixtures/first-version.sql', import.meta.url);
const server = process.env['TEST_DATABASE_URL'];

/** Folders with the migrations before the one under test, and up to it. */
let former_folder: string;
let folder: string;
before(async () => {
  former_folder = await mkdtemp(join(tmpdir(), 'tollgate-former-'));
  folder = await mkdtemp(join(tmpdir(), 'tollgate-migrations-'));
  for (const { name } of await readMigrations()) {
    if (name < MIGRATION) await copyFile(join(migrationsFolder, name), join(former_folder, name));
    if (name <= MIGRATION) await copyFile(join(migrationsFolder, name), join(folder, name));
  }
});
after(async () => {
  for (const each of [former_folder, folder]) await rm(each, { recursive: true, force: true });
});

let databases = 0;
/** Runs on a database with the data of the first version, migrated up to the migration under test. */
async function withOldData(run: (old: Database) => Promise<void>): Promise<void> {
  const name = `tollgate_subjects_${process.pid}_${(databases += 1)}`;
  const url = server === undefined ? undefined : new URL(server);
  if (url) {
    await onServer(`create database ${name}`);
    url.pathname = `/${name}`;
  }
  const old = await openDatabase(url ? { url: url.href } : { memory: true });
  try {
    // The dump empties the search path of its connection.
    await old.executeSql(`begin; ${await readFile(fixture, 'utf8')}; set search_path to public; commit;`);
    await migrate(old.db, undefined, former_folder);
    await run(old);
  } finally {
    await old.close();
    if (url) await onServer(`drop database ${name} with (force)`);
  }
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Posts an event with entries about these texts, as versions before the migration did. */
const post = (old: Database, key: string, kind: string, ...event_ids: (string | null)[]) =>
  old.executeSql(`
    begin;
    with event as (
      insert into ledger_events (key, kind, created_at) values ('${key}', '${kind}', now()) returning id
    ), parties as (
      select min(id) as provider_id, max(id) as payer_id from profiles
    )
    insert into ledger_entries (ledger_event_id, rank, created_at, event_id, orig_profile_id, orig_account, orig_amount,
      orig_unit, dest_profile_id, dest_account, dest_amount, dest_unit)
    select event.id, place - 1, now(), text, provider_id, 'Receivable', 5, 'usd', payer_id, 'Payable', 5, 'usd'
    from event, parties, unnest(array[${event_ids.map((text) => (text === null ? 'null' : `'${text}'`)).join(', ')}]::text[])
      with ordinality as given (text, place);
    commit`);

async function readRows(old: Database, query: string): Promise<Record<string, unknown>[]> {
  return (await old.executeSql(query)).rows;
}

const readTriggers = (old: Database) =>
  readRows(
    old,
    `select tgname, tgenabled, pg_get_triggerdef(oid) as definition from pg_trigger
      where tgrelid in ('ledger_entries'::regclass, 'ledger_events'::regclass) and not tgisinternal order by tgname`,
  );

test('the subject of each entry is presented with the same bytes after the migration, and nothing else changes', async () => {
  await withOldData(async (old) => {
    const seat = 'cpn_0123456789abcdef0123456789abcdef0123';
    await post(old, 'order:90001', 'order', 'sub_1/requests/', 'sub_1/a-b_C/', seat, null);
    await post(old, 'refund:ch_90001:key', 'refund', 'cha_1/12/');
    await post(old, 'dispute:ch_90001:1', 'dispute', 'cha_1/');
    await post(old, 'dispute:ch_90001:1:reverted', 'dispute_reverted', 'cha_1/');
    await old.executeSql(`update order_lines set event_id = '${seat}' where id = (select max(id) from order_lines)`);
    const entries = 'select * from ledger_entries order by id';
    const lines = 'select * from order_lines order by id';
    const events = 'select * from ledger_events order by id';
    const former = {
      entries: await readRows(old, entries),
      lines: await readRows(old, lines),
      events: await readRows(old, events),
      triggers: await readTriggers(old),
    };

    assert.ok((await migrate(old.db, undefined, folder)).includes(MIGRATION));

    const withText = (rows: Record<string, unknown>[]) =>
      rows.map(({ subject_kind, subject_id, subject_part, ...row }) => {
        const subject = fromSubjectColumns({
          subject_kind: subject_kind as string | null,
          subject_id: subject_id as string | null,
          subject_part: subject_part as string | null,
        });
        return { ...row, event_id: subject && subjectText(subject) };
      });
    assert.deepEqual(withText(await readRows(old, entries)), former.entries);
    assert.deepEqual(withText(await readRows(old, lines)), former.lines);
    assert.deepEqual(
      (await readRows(old, events)).map(({ receipt_key: _, ...event }) => event),
      former.events,
    );
    assert.deepEqual(await readTriggers(old), former.triggers);

    const receipts = await readRows(old, 'select key, kind, receipt_key from ledger_events');
    for (const { key, kind, receipt_key } of receipts) {
      const is_receipt = ['charge', 'refund', 'dispute'].includes(String(kind));
      assert.equal(receipt_key, is_receipt ? String(key).split(':')[1] : null, String(key));
    }
    assert.ok(receipts.some(({ receipt_key }) => receipt_key === 'ch_90001'));

    await migrate(old.db);
    assert.deepEqual((await verifyLedger(old.db)).violations, []);
  });
});

test('the ledger stays append-only after the migration', async () => {
  await withOldData(async (old) => {
    await migrate(old.db, undefined, folder);
    for (const statement of [
      `update ledger_entries set subject_id = '2' where id = 1`,
      'delete from ledger_entries where id = 1',
      'truncate ledger_entries cascade',
      `update ledger_events set receipt_key = 'ch_other' where id = 1`,
      'delete from ledger_events where id = 1',
      'truncate ledger_events cascade',
    ]) {
      await assert.rejects(old.executeSql(statement), /append-only/, statement);
    }
    await assert.rejects(
      old.executeSql(`insert into ledger_entries (ledger_event_id, rank, created_at, orig_profile_id, orig_account,
        orig_amount, orig_unit, dest_profile_id, dest_account, dest_amount, dest_unit)
        select 1, 99, now(), min(id), 'Receivable', 1, 'usd', max(id), 'Payable', 1, 'usd' from profiles`),
      /is closed/,
    );
    await assert.rejects(
      old.executeSql(`insert into ledger_events (key, kind, created_at) values ('empty:1', 'order', now())`),
      /has no entry/,
    );
  });
});

test('the migration stops at a subject that it cannot read, names the rows and changes nothing', async () => {
  await withOldData(async (old) => {
    await post(old, 'order:90001', 'order', 'sub_12', 'sub_x/', 'box_1/', '', 'sub_1/', null);
    await old.executeSql(`update order_lines set event_id = 'sub_7/a/b/' where id = 1`);
    const tables = ['ledger_entries', 'ledger_events', 'order_lines'];
    const readAll = () => Promise.all(tables.map((table) => readRows(old, `select * from ${table} order by id`)));
    const former = { rows: await readAll(), triggers: await readTriggers(old) };
    const unreadable = await readRows(
      old,
      `select id, event_id from ledger_entries where event_id in ('sub_12', 'sub_x/', 'box_1/', '') order by id`,
    );

    const attempt = migrate(old.db, undefined, folder);
    await assert.rejects(
      attempt,
      /migration 0045-ledger-subjects\.sql failed: 5 rows with an event_id that cannot be read/,
    );
    const message = await attempt.then(
      () => '',
      (error: unknown) => String(error),
    );
    for (const { id, event_id } of unreadable)
      assert.ok(message.includes(`ledger entry ${String(id)}: '${String(event_id)}'`), message);
    assert.ok(message.includes(`order line 1: 'sub_7/a/b/'`), message);
    assert.ok(!message.includes(`'sub_1/'`), message);

    assert.deepEqual({ rows: await readAll(), triggers: await readTriggers(old) }, former);
  });
});
