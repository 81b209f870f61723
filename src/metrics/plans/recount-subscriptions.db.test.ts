import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { Plan } from '#catalog';
import { periodTypes } from '#kernel/period';
import type { SubscriptionId, UserId } from '#platform/db/db-schema';
import type { Profile } from '#profiles';
import { foldListCounts } from '../../platform/lists/row-count-store.ts';
import { makeRandom, type Random } from '../../simulate/random.ts';
import {
  recountInvited,
  recountMembers,
  recountPlans,
  recountShared,
} from '../../simulate/recount/recount-subscriptions.ts';
import { readSubscriptions } from '../../simulate/recount/rows-store.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeUser } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeOrganization } from '../../../test/support/factories/profiles.ts';
import { readPages, sorted, url } from '../../../test/support/recount/read-pages.ts';
import { ledgerSeeds } from '../../../test/support/recount/seeds.ts';
import { listRegistered } from '../customers/registered-store.ts';
import { reportFederation, reportShared } from '../customers/report-federation.ts';
import { readPeriods } from '../report-periods.ts';
import type { Series } from '../series.ts';
import { readCountedSubscriptions } from './list-subscriptions.ts';
import { reportPlans } from './report-plans.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

let database: TestDatabase;
let ctx: TestContext;
let provider: Profile;
const plans: Plan[] = [];
const profiles: Profile[] = [];
const users: { id: UserId; username: string; created_at: Date }[] = [];
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: new Date('2026-11-15T19:00:00Z') });
  provider = await makeOrganization(ctx.db, { slug: 'alliance', is_provider: true });
  // Two of the profiles have plans themselves: they are members when they subscribe.
  for (const slug of ['club', 'hub', 'ada', 'ben', 'cy', 'dee', 'eve', 'old'])
    profiles.push(await makeOrganization(ctx.db, { slug, is_provider: slug === 'club' || slug === 'hub' }));
  for (const owner of [provider, provider, provider, profiles[0], profiles[0], profiles[1]])
    plans.push(await makePlan(ctx, { provider_id: owner?.id ?? assert.fail(), slug: `plan-${plans.length}` }));
  for (const [index, profile] of profiles.entries()) {
    const at = new Date(Date.parse('2025-06-01T00:00:00Z') + index * 30 * DAY_MS);
    const user = await makeUser(ctx.db, { username: `user-${index}`, full_name: 'Same Name', at });
    await makeMember(ctx.db, profile, user, 'manager');
    users.push({ id: user.id, username: user.username, created_at: at });
  }
  await ctx.db.updateTable('profiles').set({ is_active: false }).where('slug', '=', 'old').execute();
});
after(() => database.close());

const zones = ['America/Los_Angeles', 'Europe/Paris', 'Asia/Kathmandu', 'America/Havana', 'Australia/Lord_Howe', 'UTC'];
/** Local midnights of the zones, on month ends, on a leap day and on changes to and from summer time. */
const borders = [
  '2024-02-29T00:00:00Z',
  '2025-02-28T00:00:00Z',
  '2025-10-26T01:00:00Z',
  '2025-11-02T04:00:00Z',
  '2025-12-31T18:15:00Z',
  '2026-03-08T08:00:00Z',
  '2026-03-28T23:00:00Z',
  '2026-11-15T19:00:00Z',
];

const pickOf = <T>(random: Random, [first, ...rest]: readonly T[]): T =>
  random.pick([first as T, ...rest] /* the list is not empty */);

function instant(random: Random): Date {
  const border = Date.parse(pickOf(random, borders));
  return new Date(border + random.pick([0, 0, 1, -1, random.integer(-40 * 24, 40 * 24) * HOUR_MS]));
}

interface Slot {
  id: SubscriptionId;
  ends_at: Date;
}
/** Last subscription of each profile to each plan: those of one slot follow each other. */
const slots = new Map<string, Slot>();
let keys = 0;

async function subscribe(random: Random): Promise<void> {
  const [plan, profile] = [pickOf(random, plans), pickOf(random, profiles)];
  const slot = `${profile.id} ${plan.id}`;
  const last = slots.get(slot);
  if (plan.profile_id === profile.id) return;
  if (last && random.chance(0.4)) return endAgain(last, random);
  const drawn = instant(random);
  const created_at = last && last.ends_at > drawn ? last.ends_at : drawn;
  const ends_at = new Date(created_at.getTime() + random.pick([1, 30 * DAY_MS, random.integer(1, 500) * DAY_MS]));
  keys += 1;
  const waits = {
    [random.pick(['grant_key', 'request_key'])]: `v1.${'A'.repeat(60)}${keys}`,
  };
  const { id } = await ctx.db
    .insertInto('subscriptions')
    .values({ profile_id: profile.id, plan_id: plan.id, created_at, ends_at, ...(random.chance(0.2) ? waits : {}) })
    .returning('id')
    .executeTakeFirstOrThrow();
  slots.set(slot, { id, ends_at });
}

/** Ends a subscription earlier or later, deletes it, or lets both sides agree. */
async function endAgain(last: Slot, random: Random): Promise<void> {
  const rows = ctx.db.updateTable('subscriptions').where('id', '=', last.id);
  if (random.chance(0.3)) {
    await rows.set({ grant_key: null, request_key: null }).execute();
    return;
  }
  const { created_at } = await ctx.db
    .selectFrom('subscriptions')
    .select('created_at')
    .where('id', '=', last.id)
    .executeTakeFirstOrThrow();
  const ends_at = new Date(created_at.getTime() + random.integer(1, 700) * DAY_MS);
  await rows.set({ ends_at }).execute();
  last.ends_at = ends_at;
}

const valuesOf = (series: readonly Series[]) =>
  Object.fromEntries(series.map(({ slug, values }) => [slug, values.map(([, value]) => value)]));

async function comparePlans(random: Random): Promise<void> {
  const list = await readSubscriptions(ctx.db);
  const question = {
    period_type: pickOf(random, periodTypes),
    nb_periods: String(random.integer(1, 24)),
    ends_at: instant(random).toISOString(),
    timezone: pickOf(random, zones),
  };
  const periods = readPeriods(question, 'UTC', ctx.clock.now());
  const slugs = plans.filter(({ profile_id }) => profile_id === provider.id).map(({ slug }) => slug);
  const expected = recountPlans(list, slugs, periods.bounds);
  const { results, extra } = await reportPlans(ctx.db, { provider }, periods);
  assert.deepEqual(valuesOf(results), expected.active, JSON.stringify(question));
  const [all, ...by_plan] = extra;
  const churn = Object.fromEntries(Object.entries(expected.ended).map(([slug, values]) => [`churn-${slug}`, values]));
  assert.deepEqual(valuesOf(by_plan), churn, JSON.stringify(question));
  assert.deepEqual(
    all?.values.map(([, value]) => value),
    periods.bounds
      .slice(1)
      .map((_, index) => slugs.reduce((sum, slug) => sum + (churn[`churn-${slug}`]?.[index] ?? 0), 0)),
  );
  await compareRows(random, periods.bounds, expected);
}

/** The rows of a point are as many as the point says, over all pages. */
async function compareRows(
  random: Random,
  bounds: readonly Date[],
  expected: ReturnType<typeof recountPlans>,
): Promise<void> {
  const plan = pickOf(random, Object.keys(expected.active));
  const index = random.integer(1, bounds.length - 1);
  const [start_at = null, ends_at = new Date(0)] = [bounds[index - 1], bounds[index]];
  const page_size = random.integer(1, 4);
  for (const [state, count] of [
    ['active', expected.active[plan]?.[index]],
    ['ended', expected.ended[plan]?.[index - 1]],
  ] as const) {
    const point = { provider_id: provider.id, plan, state, start_at: state === 'ended' ? start_at : null, ends_at };
    const rows = await readPages((list) => readCountedSubscriptions(ctx.db, point, list, url), { page_size });
    assert.equal(rows.length, count, `${state} subscriptions of ${plan} at ${ends_at.toISOString()}`);
    assert.ok(rows.every((row) => row.plan.slug === plan));
  }
}

async function compareFederation(random: Random): Promise<void> {
  const list = await readSubscriptions(ctx.db);
  const at = instant(random);
  // Steps of the members at the instant, or of those at another: the subscribers are counted then.
  if (random.chance(0.5)) await sql`select follow_metric_federations(${at})`.execute(ctx.db);
  const from = new Date(at.getTime() - random.pick([0, 1, random.integer(0, 200) * DAY_MS]));
  const sellers = plans.map(({ profile_id }) => Number(profile_id));
  const members = recountMembers(list, sellers, provider.id, at);
  const what = `members ${members.join()} from ${from.toISOString()} to ${at.toISOString()}`;
  const nameOf = (id: number) => profiles.find((each) => each.id === id)?.full_name ?? '';
  const names = members.map(nameOf).toSorted();
  const rows = [
    ...names.map((name) => [name, members.filter((id) => nameOf(id) === name)] as const),
    [provider.full_name, [Number(provider.id), ...members]] as const,
  ].map(([name, of]) => [name, recountInvited(list, of, from, at)] as const);
  const shown = await reportFederation(ctx.db, provider, from, at);
  assert.deepEqual(
    shown.map(({ slug, values }) => [slug, values]),
    [
      ['removed-profiles', rows.map(([name, { removed }]) => [name, removed === 0 ? 0 : -removed])],
      ['invited-profiles', rows.map(([name, { invited }]) => [name, invited])],
      ['newly-invited-profiles', rows.map(([name, { newly_invited }]) => [name, newly_invited])],
    ],
    what,
  );
  const [shared] = await reportShared(ctx.db, provider, at);
  assert.deepEqual(shared?.values, recountShared(list, members, at), what);
}

/** Gives a user a role, which some accept later, takes one away, or deactivates the user. */
async function changeRole(random: Random): Promise<void> {
  const [user, profile] = [pickOf(random, users), pickOf(random, profiles)];
  const roles = ctx.db.updateTable('roles').where('user_id', '=', user.id).where('profile_id', '=', profile.id);
  switch (random.pick(['give', 'give', 'accept', 'take', 'deactivate', 'rename'] as const)) {
    case 'give': {
      keys += 1;
      const grant_key = random.chance(0.3) ? `v1.${'B'.repeat(60)}${keys}` : null;
      // Neither an archived profile nor an archived user gets a role.
      await sql`insert into roles (user_id, profile_id, role_type_id, grant_key, created_at)
        select users.id, profiles.id, (select min(id) from role_types), ${grant_key}, users.created_at from users, profiles
        where users.id = ${user.id} and profiles.id = ${profile.id} and users.is_active and profiles.is_active
        on conflict do nothing`.execute(ctx.db);
      return;
    }
    case 'accept':
      await roles.set({ grant_key: null }).execute();
      return;
    case 'take':
      await ctx.db.deleteFrom('roles').where('user_id', '=', user.id).where('profile_id', '=', profile.id).execute();
      return;
    case 'rename': {
      const full_name = random.pick(['Same Name', 'Another Name', 'Third Name']);
      await ctx.db.updateTable('users').set({ full_name }).where('id', '=', user.id).execute();
      return;
    }
    case 'deactivate':
      await ctx.db
        .updateTable('users')
        .set((eb) => ({ is_active: eb.not('is_active') }))
        .where('id', '=', user.id)
        .execute();
  }
}

async function assertNoErrors(): Promise<void> {
  const { rows } = await sql`select * from metric_step_errors()`.execute(ctx.db);
  assert.deepEqual(rows, []);
}

async function compareRegistered(random: Random): Promise<void> {
  const list = (await readSubscriptions(ctx.db)).filter(({ is_agreed }) => is_agreed);
  const before_at = instant(random);
  // Without a begin, the list ends where the subscriptions do, as that of the API, and its count is a sum.
  const [start_at, ends_at] = random.chance(0.5) ? [null, before_at] : [instant(random), instant(random)];
  const roles = await ctx.db
    .selectFrom('roles')
    .select(['user_id', 'profile_id'])
    .where('grant_key', 'is', null)
    .where('request_key', 'is', null)
    .execute();
  const active = await ctx.db.selectFrom('users').select('id').where('is_active', '=', true).execute();
  const isSubscribed = (profile_id: number) =>
    list.some((each) => each.profile_id === profile_id && each.created_at < before_at);
  const expected = users
    .filter(({ id }) => active.some((user) => user.id === id))
    .filter(({ id }) => !roles.some(({ user_id, profile_id }) => user_id === id && isSubscribed(profile_id)))
    .filter(({ created_at }) => (!start_at || created_at >= start_at) && (!ends_at || created_at < ends_at));
  const rows = await readPages((query) => listRegistered(ctx.db, before_at, query, url), {
    page_size: random.integer(1, 4),
    start_at,
    ends_at,
  });
  const names = rows.map(({ full_name }) => full_name);
  assert.deepEqual(names, names.toSorted(), 'by name');
  assert.deepEqual(
    sorted(rows.map(({ username }) => username).filter((username) => username.startsWith('user-'))),
    sorted(expected.map(({ username }) => username)),
    `registered before ${before_at.toISOString()}`,
  );
}

for (const seed of ledgerSeeds())
  test(`plans, federations and registered users are those of a recount, seed ${seed}`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const random = makeRandom(seed, 'subscriptions');
    for (let round = 0; round < 6; round += 1) {
      for (let index = 0; index < 15; index += 1) {
        await subscribe(random);
        if (random.chance(0.3)) await changeRole(random);
        if (random.chance(0.1)) await foldListCounts(ctx.db);
      }
      for (let asked = 0; asked < 4; asked += 1) {
        // While many steps are not computed, the rows are counted.
        if (random.chance(0.2))
          await sql`insert into metric_step_changes (user_id) select 0 from generate_series(1, 501)`.execute(ctx.db);
        await comparePlans(random);
        await compareFederation(random);
        await compareRegistered(random);
      }
      await assertNoErrors();
    }
  });
