import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { isWatchedWrite, makeWriteDetector, watched_tables } from './watched-tables.ts';

let database: TestDatabase;

before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test('the watched tables are those whose triggers write change rows, for every kind of write', async () => {
  const { rows } = await database.executeSql(`
    select class.relname as name,
      bit_or(trigger.tgtype::int & 60) as events
    from pg_trigger trigger
    join pg_class class on class.oid = trigger.tgrelid
    join pg_proc function on function.oid = trigger.tgfoid
    where not trigger.tgisinternal and function.prosrc like '%insert into changes%'
    group by class.relname order by class.relname`);
  assert.deepEqual(
    rows.map(({ name }) => name),
    [...watched_tables].sort(),
  );
  // Bits of pg_trigger.tgtype: 4 insert, 8 delete, 16 update, 32 truncate.
  const without_inserts = ['api_keys', 'contacts', 'plans', 'profiles', 'role_types', 'sessions'];
  for (const { name, events } of rows) {
    // The ledger is append-only.
    const written =
      name === 'ledger_entries' ? 4 : without_inserts.includes(String(name)) ? 8 + 16 + 32 : 4 + 8 + 16 + 32;
    assert.equal(events, written, String(name));
  }
});

test('every table whose foreign keys change rows of a watched table is watched', async () => {
  const { rows } = await database.executeSql(`
    select distinct child.relname as child, parent.relname as parent
    from pg_constraint key
    join pg_class child on child.oid = key.conrelid
    join pg_class parent on parent.oid = key.confrelid
    where key.contype = 'f' and (key.confdeltype in ('c', 'n', 'd') or key.confupdtype in ('c', 'n', 'd'))`);
  assert.ok(rows.length > 10);
  const missing = rows.filter(
    ({ child, parent }) => watched_tables.has(String(child)) && !watched_tables.has(String(parent)),
  );
  assert.deepEqual(missing, []);
});

test('statements that write to watched tables are found, others are not', () => {
  const isWrite = makeWriteDetector();
  const writes = [
    'insert into "sessions" ("id") values ($1)',
    'update "users" set "full_name" = $1 where "id" = $2',
    'UPDATE only public.users u set full_name = $1',
    'delete from "roles" using "users" where true',
    'with gone as (delete from "role_types" where "id" = $1 returning *) select * from gone',
    'merge into plans using other on true when matched then delete',
    'insert into changes (kind, subject) values ($1, $2)',
    'truncate table order_lines, "sessions" cascade',
    'select 1; update sites set title = $1',
    'update "sessions" set "last_seen_at" = $1, "ended_at" = $2 where "id" = $3',
    'insert into "signatures" ("user_id") values ($1) on conflict do update set "ip" = $2',
  ];
  const others = [
    'select * from "users" where "id" = $1 for update',
    'select * from "users" for no key update of "users" skip locked',
    'insert into "order_lines" select * from "users"',
    'update "orders" set "state" = $1',
    'delete from "cart_items" where "user_id" in (select id from "users")',
    'update "sessions" set "last_seen_at" = $1 where "id" = $2 and "last_seen_at" <= $3',
    'begin',
  ];
  for (const text of writes) assert.equal(isWatchedWrite(text), true, text);
  for (const text of others) assert.equal(isWatchedWrite(text), false, text);
  for (const text of [...writes, ...writes]) assert.equal(isWrite(text), true);
});
