import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { Plan } from '#catalog';
import { inTransaction, type Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import type { Profile } from '#profiles';
import { foldListCounts } from '../../platform/lists/row-count-store.ts';
import { makeRandom, type Random } from '../../simulate/random.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeUser } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { ledgerSeeds } from '../../../test/support/recount/seeds.ts';
import { metricsLedgerChecks } from '../ledger-checks.ts';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-11-15T19:00:00Z');

let database: TestDatabase;
let ctx: TestContext;
let head: Profile;
const plans: Plan[] = [];
const profiles: Profile[] = [];
const user_ids: UserId[] = [];
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: NOW });
  head = await makeOrganization(ctx.db, { slug: 'head', is_provider: true });
  for (let index = 0; index < 8; index += 1) {
    profiles.push(await makeOrganization(ctx.db, { slug: `profile-${index}`, is_provider: index === 0 }));
    const at = new Date(NOW.getTime() - index * 30 * DAY_MS);
    user_ids.push((await makeUser(ctx.db, { username: `user-${index}`, at })).id);
  }
  for (const owner of [head, profiles[0], profiles[0], profiles[1]])
    plans.push(await makePlan(ctx, { provider_id: owner?.id ?? assert.fail(), slug: `plan-${plans.length}` }));
});
after(() => database.close());

const pickOf = <T>(random: Random, [first, ...rest]: readonly T[]): T =>
  random.pick([first as T, ...rest] /* the list is not empty */);

/** Subscribes, ends or deletes a subscription, gives or takes a role; some are given up. */
async function write(random: Random): Promise<void> {
  const [plan, profile, user_id] = [pickOf(random, plans), pickOf(random, profiles), pickOf(random, user_ids)];
  const created_at = new Date(NOW.getTime() - random.integer(1, 500) * DAY_MS);
  const ends_at = new Date(created_at.getTime() + random.integer(1, 600) * DAY_MS);
  const change = (tx: Tx) => {
    switch (random.pick(['subscribe', 'subscribe', 'end', 'delete', 'give', 'take'] as const)) {
      case 'subscribe':
        return sql`insert into subscriptions (profile_id, plan_id, created_at, ends_at)
          values (${profile.id}, ${plan.id}, ${created_at}, ${ends_at}) on conflict do nothing`.execute(tx);
      case 'end':
        return sql`update subscriptions set ends_at = created_at + interval '1 day' where id in (
          select id from subscriptions where profile_id = ${profile.id} and ends_at > created_at + interval '1 day'
          order by id limit 1)`.execute(tx);
      case 'delete':
        return sql`delete from subscriptions where id in (
          select min(id) from subscriptions where profile_id = ${profile.id})`.execute(tx);
      case 'give':
        return sql`insert into roles (user_id, profile_id, role_type_id, created_at)
          select ${user_id}, ${profile.id}, min(id), ${NOW} from role_types on conflict do nothing`.execute(tx);
      case 'take':
        return sql`delete from roles where user_id = ${user_id} and profile_id = ${profile.id}`.execute(tx);
    }
  };
  const is_given_up = random.chance(0.2);
  const pause_s = random.integer(0, 8) / 1000;
  await inTransaction(ctx.db, async (tx) => {
    await change(tx);
    await sql`select pg_sleep(${sql.lit(pause_s)})`.execute(tx);
    if (is_given_up) throw new Error('given up');
  }).catch((error: unknown) => {
    // Concurrent periods of one plan, and changes of one row, are refused as in any transaction.
    if (!(error instanceof Error) || !/given up|deadlock|conflicting key|exclusion/.test(error.message)) throw error;
  });
}

/** Numbers by the steps, and those of the rows, in one snapshot. */
async function compare(): Promise<void> {
  const agreed = sql`subscription.grant_key is null and subscription.request_key is null`;
  const { rows } = await sql<{ name: string; found: number; expected: number }>`
    select 'registered' as name, (
        select coalesce(sum(subjects_count), 0)::bigint from count_metric_steps(0, array['registered'], array[${NOW}::timestamptz])
      ) as found, (
        select count(*) from users where is_active and created_at < ${NOW} and not exists (
          select from roles join subscriptions subscription on subscription.profile_id = roles.profile_id
          where user_id = users.id and ${agreed} and subscription.created_at < ${NOW})
      ) as expected
    union all
    select 'running', (
        select coalesce(sum(subjects_count), 0)::bigint from count_metric_steps(${head.id}, array['running'], array[${NOW}::timestamptz]) where key = 0
      ), (
        select count(distinct subscription.profile_id) from subscriptions subscription join plans on plans.id = plan_id
          join metric_federation_members on provider_id = ${head.id} and seller_id = plans.profile_id
        where ${agreed} and subscription.created_at < ${NOW} and subscription.ends_at >= ${NOW}
      )
    union all
    select 'shared', (
        select coalesce(sum(key * subjects_count), 0)::bigint from count_metric_steps(${head.id}, array['shared'], array[${NOW}::timestamptz])
      ), (
        select count(*) from subscriptions subscription join plans on plans.id = plan_id
          join metric_federation_members on provider_id = ${head.id} and seller_id = plans.profile_id and is_member
        where ${agreed} and subscription.created_at <= ${NOW} and subscription.ends_at >= ${NOW}
      )`.execute(ctx.db);
  for (const { name, found, expected } of rows) assert.equal(found, expected, name);
}

const findErrors = async () => (await sql`select * from metric_step_errors()`.execute(ctx.db)).rows;

for (const seed of ledgerSeeds())
  test(`numbers by steps are exact while writers and the job run concurrently, seed ${seed}`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const random = makeRandom(seed, 'steps');
    let writers_count = 4;
    const writing = Array.from({ length: writers_count }, async () => {
      for (let index = 0; index < 25; index += 1) await write(random);
      writers_count -= 1;
    });
    const folding = (async () => {
      while (writers_count > 0) {
        await foldListCounts(ctx.db);
        await sql`select follow_metric_federations(${NOW})`.execute(ctx.db);
      }
    })();
    let reads_count = 0;
    while (writers_count > 0) {
      await compare();
      reads_count += 1;
    }
    await Promise.all([...writing, folding]);
    assert.ok(reads_count > 3, `${reads_count} reads`);
    await compare();
    await foldListCounts(ctx.db);
    await compare();
    assert.deepEqual(await findErrors(), []);
  });

test('a wrong step and a wrong sum are found by the check of the ledger, and written anew', async () => {
  const findings = async () => {
    const found = await Promise.all(metricsLedgerChecks.map(({ find }) => find(ctx.db)));
    return found.flat().length;
  };
  await makeUser(ctx.db, { username: 'unsubscribed', at: NOW });
  // A member of the federation.
  await sql`insert into subscriptions (profile_id, plan_id, created_at, ends_at)
    values (${profiles[0]?.id}, ${plans[0]?.id}, ${NOW}::timestamptz + interval '700 days', ${NOW}::timestamptz + interval '900 days')`.execute(
    ctx.db,
  );
  await sql`select rebuild_list_counts()`.execute(ctx.db);
  await sql`select follow_metric_federations(${NOW})`.execute(ctx.db);
  assert.equal(await findings(), 0);
  await sql`update metric_steps set change = -change where kind = 'registered'`.execute(ctx.db);
  assert.ok((await findings()) > 1);
  await sql`update metric_step_sums set change = change + 1 where kind = 'running'`.execute(ctx.db);
  assert.ok((await findErrors()).length > 3);
  await sql`select rebuild_list_counts()`.execute(ctx.db);
  assert.equal(await findings(), 0);
  await compare();
});
