import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { findCharge, refundCharge } from '#payments';
import { type Database, openDatabase } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { migrate, migrationsFolder, readMigrations } from '#platform/db/migrate';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { addPlanToCart, checkOutCart, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeSeller } from '../../../test/support/factories/subscriptions.ts';

const broker: Subject = { profile_id: null, user_id: null, relation: 'broker', is_manager: true };

/** The migration that fills coverages and documents from earlier orders. */
const MIGRATION = '0077-documents.sql';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const readRows = async (from: Pick<Database, 'executeSql'>, query: string) => (await from.executeSql(query)).rows;

/** Everything but ids, and what the orders of earlier versions did not store. */
const queries = {
  coverages: 'select * from coverages order by order_line_id, rank',
  documents: `select series, provider_id, profile_id, year, serial, number, ledger_event_id, amount, unit, due_reduced,
    credited, refunded, lot, seller, buyer, created_at from documents order by provider_id, series, year, serial`,
  lines: `select number, provider_id, rank, kind, ledger_entry_id, description, line.amount, covers_from, covers_to
    from document_lines line join documents on documents.id = document_id order by provider_id, number, rank`,
  counters: 'select * from document_counters order by provider_id, series, year',
};

async function readAll(from: Pick<Database, 'executeSql'>): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [name, query] of Object.entries(queries)) found[name] = await readRows(from, query);
  return found;
}

test('the migration fills what the settlements and refunds of the same orders fill', async () => {
  const sellers = [await makeSeller(database.db), await makeSeller(database.db)];
  const [first, second] = await Promise.all(
    sellers.map(({ profile }) => makePlan(ctx, { provider_id: profile.id, setup_amount: 300 })),
  );
  assert(first && second);
  const keys: string[] = [];
  for (const plans of [[first], [first, second], [second], [first]]) {
    const buyer = await makeBuyer(ctx);
    for (const plan of plans) await addPlanToCart(buyer, plan);
    keys.push((await checkOutCart(buyer))?.processor_key ?? '');
    ctx.clock.set(new Date(ctx.clock.now().getTime() + 40 * 86_400_000));
  }
  for (const [key, num, refunded_amount] of [
    [keys[1], 0, 500],
    [keys[0], 0, undefined],
    [keys[1], 0, 200],
  ] as const) {
    const charge = await findCharge(database.db, key ?? '');
    assert(charge);
    const wanted = refunded_amount === undefined ? { num } : { num, refunded_amount };
    await refundCharge(ctx, broker, charge, [wanted]);
  }
  const live = await readAll(database);
  assert.equal(live['documents']?.length, 8);

  const text = await readFile(join(migrationsFolder, MIGRATION), 'utf8');
  const later = await readFile(join(migrationsFolder, '0090-recognition.sql'), 'utf8');
  const between = (from: string, to: string) => text.slice(text.indexOf(from), text.indexOf(to));
  await database.executeSql(`begin;
    alter table coverages alter column payer_id drop not null;
    alter table documents disable trigger user; alter table document_lines disable trigger user;
    truncate coverages, document_counters, document_lines, documents;
    ${between('insert into coverages', 'create table document_counters')}
    ${between('-- Orders in the order of their ledger events', 'create function documents_are_final')}
    ${later.slice(later.indexOf('create function pg_temp.month_of'), later.indexOf('alter table coverages'))}
    ${later.slice(later.indexOf('update coverages'), later.indexOf('comment on column coverages.payer_id'))}
    ${later.slice(later.indexOf('insert into coverages'), later.indexOf('alter table billed_uses'))}
    commit;`);
  assert.deepEqual(await readAll(database), live);
});

test('every order of the first version gets its number, in the order of the ledger', async () => {
  const server = process.env['TEST_DATABASE_URL'];
  const name = `tollgate_documents_${process.pid}`;
  const url = server === undefined ? undefined : new URL(server);
  const onServer = async (statement: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const former_folder = await mkdtemp(join(tmpdir(), 'tollgate-former-'));
  for (const migration of await readMigrations()) {
    if (migration.name < MIGRATION) {
      await copyFile(join(migrationsFolder, migration.name), join(former_folder, migration.name));
    }
  }
  if (url) {
    await onServer(`create database ${name}`);
    url.pathname = `/${name}`;
  }
  const old = await openDatabase(url ? { url: url.href } : { memory: true });
  try {
    const fixture = new URL('../../../test/fixtures/first-version.sql', import.meta.url);
    await old.executeSql(`begin; ${await readFile(fixture, 'utf8')}; set search_path to public; commit;`);
    await migrate(old.db, undefined, former_folder);
    await old.executeSql(`update profiles set default_timezone = 'Mars/Base' where id = (
      select provider_id from order_lines order by id limit 1)`);
    const expected = await readRows(
      old,
      `select sum(line.amount)::bigint as amount from order_lines line join orders on orders.id = order_id
       join ledger_entries entry on entry.id = ledger_entry_id
       where state = 'settled' and kind <> 'balance' group by entry.ledger_event_id, line.provider_id
       having sum(line.amount) > 0 order by entry.ledger_event_id, line.provider_id`,
    );
    await migrate(old.db);
    const documents = await readRows(old, "select amount from documents where series = 'invoice' order by id");
    assert.ok(expected.length > 10, `${expected.length} orders`);
    assert.deepEqual(documents, expected);
    const gaps = await readRows(
      old,
      `select * from documents join document_counters using (provider_id, series, year)
       where serial > last_serial or (provider_id, series, year) in (
         select provider_id, series, year from documents group by 1, 2, 3 having count(*) <> max(serial))`,
    );
    assert.deepEqual(gaps, []);
    const uncovered = await readRows(
      old,
      `select line.id from order_lines line join orders on orders.id = order_id
       left join coverages on coverages.order_line_id = line.id
       where state = 'settled' and kind = 'period' and claim_email is null
         and (coverages.amount is distinct from line.amount or coverages.ends_at <> line.covers_to)`,
    );
    assert.deepEqual(uncovered, []);
    assert.deepEqual(await readRows(old, 'select id from subscriptions where anchor_at <> created_at'), []);
  } finally {
    await old.close();
    if (url) await onServer(`drop database ${name} with (force)`);
    await rm(former_folder, { recursive: true, force: true });
  }
});
