import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import pg from 'pg';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { inTransaction, type Tx } from '../db/database.ts';
import { findCountErrors, foldListCounts, selectCountOf } from './row-count-store.ts';

let database: TestDatabase;
const at = new Date('2026-03-10T15:00:00Z');
let number = 0;

before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const next = () => `row-${(number += 1)}`;

/** One change of the counted tables; `pick` chooses among the rows that exist. */
const changes = {
  addProfile: (tx: Tx) => sql`insert into profiles (slug, created_at) values (${next()}, ${at})`.execute(tx),
  archiveProfile: (tx: Tx, pick: number) =>
    sql`update profiles set is_active = not is_active where id in (select id from profiles order by id offset ${pick} limit 2)`.execute(
      tx,
    ),
  removeProfile: (tx: Tx, pick: number) =>
    sql`delete from profiles where id in (select p.id from profiles p where not exists (select from charges where profile_id = p.id)
      order by id offset ${pick} limit 2)`.execute(tx),
  addUser: (tx: Tx, pick: number) =>
    sql`insert into users (username, email, email_verified_at, created_at) values (${next()},
      'mail-' || ${pick}::int || '-' || ${next()}, ${pick % 2 === 0 ? at : null}, ${at})`.execute(tx),
  verifyUser: (tx: Tx, pick: number) =>
    sql`update users set email_verified_at = case when email_verified_at is null then ${at}::timestamptz end
      where id in (select id from users order by id offset ${pick} limit 1)`.execute(tx),
  archiveUser: (tx: Tx, pick: number) =>
    sql`update users set is_active = not is_active where id in (select id from users order by id offset ${pick} limit 1)`.execute(
      tx,
    ),
  removeUser: (tx: Tx, pick: number) =>
    sql`delete from users where id in (select id from users order by id offset ${pick} limit 1)`.execute(tx),
  addContact: (tx: Tx, pick: number) =>
    // With the address of a user, with its name, or with neither.
    sql`insert into contacts (slug, email, created_at)
      select case when ${pick % 3 === 0} then username else ${next()} end, case when ${pick % 3 === 1} then upper(email) end, ${at}
      from (select username, email from users union all values ('no-user', null) order by 1 offset ${pick} limit 1) u
      on conflict do nothing`.execute(tx),
  linkContact: (tx: Tx, pick: number) =>
    sql`update contacts set user_id = (select id from users where id not in (select user_id from contacts where user_id is not null)
      order by id limit 1) where id in (select id from contacts order by id offset ${pick} limit 1)`.execute(tx),
  addCharge: (tx: Tx, pick: number) =>
    sql`insert into charges (claim_code, profile_id, amount, unit, processor, processor_key, created_at)
      select md5(${next()}) || '00000000', id, ${pick + 1}, 'usd', 'test', ${next()}, ${at} from profiles order by id limit 1`.execute(
      tx,
    ),
} as const;
type Change = keyof typeof changes;

test('counts equal the rows after any changes, rolled back or committed, folded or not', async () => {
  const step = fc.record({
    change: fc.constantFrom(...(Object.keys(changes) as Change[])),
    pick: fc.nat(6),
    is_committed: fc.boolean(),
    is_folded: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 15 }), async (steps) => {
      for (const { change, pick, is_committed, is_folded } of steps) {
        const work = inTransaction(database.db, async (tx) => {
          await changes[change](tx, pick);
          assert.deepEqual(await findCountErrors(tx), [], `${change} in its transaction`);
          if (!is_committed) throw new Error('rolled back');
        });
        await (is_committed ? work : assert.rejects(work, /rolled back/));
        if (is_folded) await foldListCounts(database.db);
        assert.deepEqual(await findCountErrors(database.db), [], change);
      }
    }),
    { numRuns: 15 },
  );
  const { rows } = await sql<{ changes: number }>`select count(*) as changes from row_count_changes`.execute(
    database.db,
  );
  await foldListCounts(database.db);
  const [left] = (
    await sql<{ changes: number }>`select count(*) as changes from row_count_changes`.execute(database.db)
  ).rows;
  assert.deepEqual([rows.length, left?.changes], [1, 0]);
});

test('totals never include a row of a transaction that is open, and include it after it ended', async (t) => {
  const { url } = database;
  if (url === null) return t.skip('the embedded database has one connection');
  const writer = new pg.Client({ connectionString: url });
  await writer.connect();
  try {
    await writer.query('begin');
    const key = next();
    await writer.query(
      `insert into charges (claim_code, profile_id, amount, unit, processor, processor_key, created_at)
       select md5($1) || '00000000', id, 5, 'usd', 'test', $1, now() from profiles order by id limit 1`,
      [key],
    );
    await inTransaction(database.db, (tx) => changes.addCharge(tx, 1));
    const totalled = async () =>
      (await sql<{ id: number }>`select totalled_until('charges') as id`.execute(database.db)).rows[0]?.id ?? 0;
    const waiting = await totalled();
    for (let run = 0; run < 4; run += 1) {
      await foldListCounts(database.db);
      assert.deepEqual(await findCountErrors(database.db), []);
    }
    const { rows } = await writer.query('select id from charges where processor_key = $1', [key]);
    assert.ok((await totalled()) < Number(rows[0].id), `${waiting}`);
    await writer.query('commit');
    for (let run = 0; run < 2; run += 1) await foldListCounts(database.db);
    assert.ok((await totalled()) >= Number(rows[0].id));
    assert.deepEqual(await findCountErrors(database.db), []);
  } finally {
    await writer.end();
  }
});

test('a user and a contact of one address that are added concurrently are listed once', async (t) => {
  const { url } = database;
  if (url === null) return t.skip('the embedded database has one connection');
  for (const first of ['user', 'contact'] as const) {
    const address = `${next()}@example.com`;
    const texts = {
      user: [
        `insert into users (username, email, email_verified_at, created_at) values ($1, $2, now(), now())`,
        next(),
      ],
      contact: [`insert into contacts (slug, email, created_at) values ($1, $2, now())`, next()],
    } as const;
    const [one, two] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
    await Promise.all([one.connect(), two.connect()]);
    try {
      await Promise.all([one.query('begin'), two.query('begin')]);
      const [text, name] = texts[first];
      await one.query(text, [name, address]);
      const [other_text, other_name] = texts[first === 'user' ? 'contact' : 'user'];
      const waiting = two.query(other_text, [other_name, address]);
      await one.query('commit');
      await waiting;
      await two.query('commit');
    } finally {
      await Promise.all([one.end(), two.end()]);
    }
    assert.deepEqual(await findCountErrors(database.db), [], first);
  }
});

test('concurrent changes lose no count', async (t) => {
  if (database.url === null) return t.skip('the embedded database has one connection');
  const [before_all] = (await selectCountOf('profiles').execute(database.db)).rows;
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      await inTransaction(database.db, (tx) => changes.addProfile(tx));
      if (index % 5 === 0) await foldListCounts(database.db);
    }),
  );
  const [after_all] = (await selectCountOf('profiles').execute(database.db)).rows;
  assert.equal(after_all?.count, (before_all?.count ?? 0) + 40);
  assert.deepEqual(await findCountErrors(database.db), []);
});
