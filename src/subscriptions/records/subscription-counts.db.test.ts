import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import pg from 'pg';
import { selectPlanIds } from '#catalog';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { findCountErrors, foldListCounts } from '#platform/lists/row-count-store';
import { testContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makePerson, makeSeller } from '../../../test/support/factories/subscriptions.ts';
import {
  selectFirstSubscriberCount,
  selectSubscriberCount,
  selectSubscriptionCount,
} from './subscription-count-store.ts';

let database: TestDatabase;
/** Two providers: the first has two plans. */
let plans: { id: PlanId; provider_id: ProfileId }[];
let profiles: ProfileId[];

before(async () => {
  database = await openTestDatabase();
  const seed = await testContext(database.db);
  const [one, two] = [await makeSeller(database.db), await makeSeller(database.db)];
  plans = [];
  for (const provider of [one, one, two]) {
    const plan = await makePlan(seed, { provider_id: provider.profile.id });
    plans.push({ id: plan.id, provider_id: provider.profile.id });
  }
  profiles = [];
  for (let n = 0; n < 3; n += 1) profiles.push((await makePerson(database.db)).profile.id);
});
after(() => database.close());

/** Quarters of days, so that periods touch, and begin and end at midnight. */
const quarter = (n: number) => new Date(Date.UTC(2026, 2, 1) + n * 6 * 3_600_000);

interface Step {
  profile: number;
  plan: number;
  other: number;
  starts: number;
  length: number;
  is_waiting: boolean;
  is_committed: boolean;
  is_folded: boolean;
}
/** Changes of subscriptions and of their subscribers; one that the table refuses changes nothing. */
const changes = {
  add: (tx: Tx, { profile, plan, starts, length, is_waiting }: Step) =>
    sql`insert into subscriptions (profile_id, plan_id, created_at, ends_at, grant_key)
      values (${profiles[profile]}, ${plans[plan]?.id}, ${quarter(starts)}, ${quarter(starts + length)},
        ${is_waiting ? waitingKey() : null})`.execute(tx),
  extend: (tx: Tx, { other, length }: Step) =>
    sql`update subscriptions set ends_at = created_at + ${length} * interval '6 hours'
      where id = (select id from subscriptions order by id offset ${other} limit 1)`.execute(tx),
  move: (tx: Tx, { profile, other }: Step) =>
    sql`update subscriptions set profile_id = ${profiles[profile]}
      where id = (select id from subscriptions order by id offset ${other} limit 1)`.execute(tx),
  accept: (tx: Tx) =>
    sql`update subscriptions set grant_key = null
      where id = (select min(id) from subscriptions where grant_key is not null)`.execute(tx),
  remove: (tx: Tx, { other }: Step) =>
    sql`delete from subscriptions where id = (select id from subscriptions order by id offset ${other} limit 1)`.execute(
      tx,
    ),
  archive: (tx: Tx, { profile }: Step) =>
    sql`update profiles set is_active = not is_active where id = ${profiles[profile]}`.execute(tx),
  endAll: (tx: Tx, { plan, starts }: Step) =>
    sql`update subscriptions set ends_at = greatest(created_at, ${quarter(starts)}::timestamptz)
      where plan_id = ${plans[plan]?.id} and ends_at > ${quarter(starts)}`.execute(tx),
} as const;
type Change = keyof typeof changes;

let key = 0;
const waitingKey = () => (key += 1).toString(16).padStart(40, '0');

async function countOf(query: { execute(reader: Reader): Promise<{ rows: { count: number }[] }> }): Promise<number> {
  return (await query.execute(database.db)).rows[0]?.count ?? Number.NaN;
}

/** Compares each count at an instant with a query that reads all rows. */
async function compareCounts(at: Date): Promise<void> {
  for (const provider_id of new Set(plans.map((plan) => plan.provider_id))) {
    const ids = selectPlanIds(database.db, provider_id);
    const listed = sql`subscriptions s join profiles p on p.id = s.profile_id and p.is_active where s.plan_id in (${ids})`;
    const spans = {
      active: sql`s.created_at <= ${at} and s.ends_at > ${at}`,
      ended: sql`s.ends_at <= ${at}`,
      all: sql`true`,
    } as const;
    for (const span of ['active', 'ended', 'all'] as const) {
      assert.equal(
        await countOf(selectSubscriptionCount(database.db, ids, { span, at })),
        await countOf(sql<{ count: number }>`select count(*) from ${listed} and ${spans[span]}`),
        `${span} subscriptions at ${at.toISOString()}`,
      );
    }
    const agreed = sql`select count(distinct s.profile_id) from ${listed} and s.grant_key is null`;
    assert.equal(
      await countOf(selectSubscriberCount(provider_id, ids, at)),
      await countOf(sql<{ count: number }>`${agreed} and ${spans.active}`),
      `subscribers at ${at.toISOString()}`,
    );
    assert.equal(
      await countOf(selectFirstSubscriberCount(provider_id, ids, at)),
      await countOf(sql<{ count: number }>`${agreed} and s.created_at < ${at}`),
      `subscribers before ${at.toISOString()}`,
    );
  }
}

test('counts of subscriptions and subscribers equal the rows after any changes, at any instant', async () => {
  const step = fc.record({
    change: fc.constantFrom(...(Object.keys(changes) as Change[]), 'add' as const, 'add' as const),
    profile: fc.nat(2),
    plan: fc.nat(2),
    other: fc.nat(5),
    starts: fc.nat(16),
    length: fc.nat(8),
    is_waiting: fc.boolean(),
    is_committed: fc.boolean(),
    is_folded: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 15 }), fc.nat(26), async (steps, moment) => {
      for (const { change, is_committed, is_folded, ...values } of steps) {
        await inTransaction(database.db, async (tx) => {
          await changes[change](tx, { ...values, is_committed, is_folded });
          assert.deepEqual(await findCountErrors(tx), [], `${change} in its transaction`);
          if (!is_committed) throw new Error('rolled back');
        }).catch((error: unknown) => {
          if (error instanceof assert.AssertionError) throw error;
        });
        if (is_folded) await foldListCounts(database.db);
        assert.deepEqual(await findCountErrors(database.db), [], change);
      }
      for (const at of [quarter(moment), new Date(quarter(moment).getTime() + 1)]) await compareCounts(at);
    }),
    { numRuns: 12 },
  );
});

test('concurrent subscriptions and archiving of one subscriber lose no count', async (t) => {
  const { url } = database;
  if (url === null) return t.skip('the embedded database has one connection');
  const { profile } = await makePerson(database.db);
  const add = (plan: number) =>
    `insert into subscriptions (profile_id, plan_id, created_at, ends_at)
     values (${profile.id}, ${plans[plan]?.id}, '2026-05-01', '2026-06-01')`;
  const archive = `update profiles set is_active = not is_active where id = ${profile.id}`;
  const remove = `delete from subscriptions where profile_id = ${profile.id}`;
  const cases = [
    [add(0), add(1)],
    [archive, `update subscriptions set ends_at = '2026-05-20' where profile_id = ${profile.id}`],
    [`update subscriptions set ends_at = '2026-05-25' where profile_id = ${profile.id}`, archive],
    [remove, archive],
    [archive, add(0)],
    [add(1), archive],
  ];
  for (const [first = '', second = ''] of cases) {
    const [one, two] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
    await Promise.all([one.connect(), two.connect()]);
    try {
      await Promise.all([one.query('begin'), two.query('begin')]);
      await one.query(first);
      const waiting = two.query(second);
      await waitUntilBlocked(one);
      await one.query('commit');
      await waiting;
      await two.query('commit');
    } finally {
      await Promise.all([one.end(), two.end()]);
    }
    assert.deepEqual(await findCountErrors(database.db), [], `${first} | ${second}`);
  }
});

/** Waits until a session of the database waits for a lock. */
async function waitUntilBlocked(client: pg.Client): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const { rowCount } = await client.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((rowCount ?? 0) > 0) return;
  }
  assert.fail('the second session does not wait');
}

test('subscriptions of different subscribers of one provider do not wait for one another', async (t) => {
  const { url } = database;
  if (url === null) return t.skip('the embedded database has one connection');
  const people = [(await makePerson(database.db)).profile.id, (await makePerson(database.db)).profile.id];
  const clients = people.map(() => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  try {
    for (const [index, client] of clients.entries()) {
      await client.query('begin');
      await client.query("set local lock_timeout = '2s'");
      await client.query(
        `insert into subscriptions (profile_id, plan_id, created_at, ends_at) values ($1, $2, now(), now() + '1 day')`,
        [people[index], plans[0]?.id],
      );
    }
    for (const client of clients) await client.query('commit');
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
  assert.deepEqual(await findCountErrors(database.db), []);
});
