import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Plan, selectPlanIds } from '#catalog';
import type { Profile } from '#profiles';
import { makeRandom, type Random } from '../../simulate/random.ts';
import { recountListed } from '../../simulate/recount/recount-subscriptions.ts';
import { readSubscriptions } from '../../simulate/recount/rows-store.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { readPages, sorted, url } from '../../../test/support/recount/read-pages.ts';
import { ledgerSeeds } from '../../../test/support/recount/seeds.ts';
import { listSubscriptions } from '../records/index.ts';

// The lists of 2019, /api/metrics/{profile}/active and /churned, from random subscriptions.

const DAY_MS = 86_400_000;
/** Midnights of zones at month ends, on a leap day and at changes of summer time. */
const borders = [
  '2024-02-29T00:00Z',
  '2025-10-26T01:00Z',
  '2025-11-02T04:00Z',
  '2025-12-31T18:15Z',
  '2026-03-08T08:00Z',
];
let database: TestDatabase;
let ctx: TestContext;
let provider: Profile;
const plans: Plan[] = [];
const profiles: Profile[] = [];
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: new Date('2026-11-15T19:00:00Z') });
  const sellers = [];
  for (const slug of ['alliance', 'other']) sellers.push(await makeOrganization(ctx.db, { slug, is_provider: true }));
  const [first = assert.fail(), second = assert.fail()] = sellers;
  provider = first;
  for (const slug of ['ada', 'ben', 'cy', 'dee', 'old']) profiles.push(await makeOrganization(ctx.db, { slug }));
  for (const { id } of [first, first, second])
    plans.push(await makePlan(ctx, { provider_id: id, slug: `plan-${plans.length}` }));
  await ctx.db.updateTable('profiles').set({ is_active: false }).where('slug', '=', 'old').execute();
});
after(() => database.close());

const pickOf = <T>(random: Random, [first, ...rest]: readonly T[]): T =>
  random.pick([first as T, ...rest] /* the list is not empty */);

function instant(random: Random): Date {
  const border = Date.parse(pickOf(random, borders));
  return new Date(border + random.pick([0, 0, 1, -1, random.integer(-40, 40) * DAY_MS]));
}

/** End of the last subscription of each profile to each plan: those of one slot follow each other. */
const ends = new Map<string, Date>();
let keys = 0;

async function subscribe(random: Random): Promise<void> {
  const [plan, profile] = [pickOf(random, plans), pickOf(random, profiles)];
  const slot = `${profile.id} ${plan.id}`;
  const [last, drawn] = [ends.get(slot), instant(random)];
  const created_at = last && last > drawn ? last : drawn;
  const ends_at = new Date(created_at.getTime() + random.pick([1, 30 * DAY_MS, random.integer(1, 500) * DAY_MS]));
  keys += 1;
  const waits = { [random.pick(['grant_key', 'request_key'])]: `v1.${'A'.repeat(60)}${keys}` };
  const row = { profile_id: profile.id, plan_id: plan.id, created_at, ends_at, ...(random.chance(0.2) ? waits : {}) };
  await ctx.db.insertInto('subscriptions').values(row).execute();
  ends.set(slot, ends_at);
}

async function compare(random: Random): Promise<void> {
  const list = await readSubscriptions(ctx.db);
  const at = instant(random);
  const archived = profiles.filter(({ slug }) => slug === 'old').map(({ id }) => Number(id));
  const [start_at, ends_at] = random.chance(0.3) ? [null, null] : [instant(random), instant(random)];
  for (const [span, bounds] of [
    ['active', { start_at: null, ends_at: null }],
    ['ended', { start_at, ends_at }],
  ] as const) {
    const party = { plans: selectPlanIds(ctx.db, provider.id) };
    const rows = await readPages((query) => listSubscriptions(ctx.db, party, { span, at }, query, url), {
      page_size: random.integer(1, 6),
      ...bounds,
    });
    assert.deepEqual(
      sorted(rows.map(({ id }) => id)),
      sorted(recountListed(list, { provider: provider.id, archived }, { span, at, ...bounds })),
      `${span} at ${at.toISOString()}, from ${start_at?.toISOString()} to ${ends_at?.toISOString()}`,
    );
  }
}

for (const seed of ledgerSeeds())
  test(`active and churned subscriptions are those of a recount, seed ${seed}`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const random = makeRandom(seed, 'listed');
    for (let round = 0; round < 6; round += 1) {
      for (let index = 0; index < 12; index += 1) await subscribe(random);
      for (let asked = 0; asked < 4; asked += 1) await compare(random);
    }
    assert.ok(ends.size > 5, 'there are subscriptions');
  });
