import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { periodTypes } from '#kernel/period';
import type { ProfileId } from '#platform/db/db-schema';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { foldListCounts } from '../../platform/lists/row-count-store.ts';
import { readPeriods } from '../report-periods.ts';
import type { Series } from '../series.ts';
import { listMovements } from './movement-list-store.ts';
import { movement_kinds } from './recurring-store.ts';
import { reportCohorts } from './report-cohorts.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-01-01T00:00:00Z');

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: new Date('2026-06-15T19:30:00Z') });
});
after(() => database.close());

/** Paid time of one subscriber: hours after the start of the year, with its price per month in 1/100. */
interface Paid {
  from_h: number;
  until_h: number;
  amount: number;
}

async function pay(subscription_id: number, of: { provider_id: ProfileId; profile_id: ProfileId }, paid: Paid) {
  const [from, until] = [paid.from_h, paid.until_h].map((hours) => new Date(START_MS + hours * HOUR_MS).toISOString());
  await sql`
    with placed as (
      insert into orders (profile_id, state, cart_version, amount, unit, created_at, closed_at)
      values (${of.profile_id}, 'settled', 'x', ${paid.amount}, 'usd', ${from}, ${from}) returning id
    ), line as (
      insert into order_lines (order_id, rank, kind, provider_id, beneficiary_id, subscription_id, plan_id, amount, unit, description,
        periods_count, period_type, covers_from, covers_to, recurring_amount, recurring_periods)
      select placed.id, 0, 'period', ${of.provider_id}, ${of.profile_id}, ${subscription_id}, plan_id, ${paid.amount}, 'usd', 'Plan',
        1, 'monthly', ${from}, ${until}, ${paid.amount}, 1 from placed, subscriptions where subscriptions.id = ${subscription_id}
      returning id
    )
    insert into coverages (order_line_id, rank, subscription_id, payer_id, amount, quantity, anchor_at, starts_at, ends_at)
    select id, 0, ${subscription_id}, ${of.profile_id}, ${paid.amount}, 1, ${from}, ${from}, ${until} from line`.execute(
    ctx.db,
  );
}

/** Revenue of a subscriber before an instant, hour by hour: what is paid for the hour before it. */
function revenueBefore(paid: readonly Paid[], at: Date): number {
  const hours = (at.getTime() - START_MS) / HOUR_MS;
  return paid.reduce((sum, { from_h, until_h, amount }) => sum + (from_h < hours && until_h >= hours ? amount : 0), 0);
}

const subscriber = fc.array(
  fc.record({
    from_h: fc.integer({ min: 0, max: 3800 }),
    length_h: fc.integer({ min: 1, max: 900 }),
    amount: fc.constantFrom(1000, 1000, 2500),
  }),
  { minLength: 1, maxLength: 4 },
);
const question = fc.record({
  period_type: fc.constantFrom(...periodTypes),
  nb_periods: fc.integer({ min: 1, max: 12 }).map(String),
  ends_at: fc.constantFrom('2026-06-01', '2026-05-04', '2026-06-10T17:20', undefined),
  timezone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/Los_Angeles'),
});

test('cohorts are those of a recount of the paid time, folded, stale or computed', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(subscriber, { minLength: 2, maxLength: 6 }),
      fc.array(question, { minLength: 3, maxLength: 5 }),
      fc.integer({ min: 0, max: 6 }),
      async (subscribers, questions, folded) => {
        number += 1;
        const provider = await makeOrganization(ctx.db, { slug: `seller-${number}`, is_provider: true });
        const plan = await makePlan(ctx, { provider_id: provider.id, slug: `plan-${number}` });
        const ledger: Paid[][] = [];
        for (const [index, list] of subscribers.entries()) {
          const profile = await makeOrganization(ctx.db, { slug: `customer-${number}-${index}` });
          const { id } = await ctx.db
            .insertInto('subscriptions')
            .values({
              profile_id: profile.id,
              plan_id: plan.id,
              created_at: new Date(START_MS),
              ends_at: new Date('2027-06-01'),
            })
            .returning('id')
            .executeTakeFirstOrThrow();
          const paid = list.map(({ from_h, length_h, amount }) => ({ from_h, until_h: from_h + length_h, amount }));
          for (const each of paid) {
            await pay(id, { provider_id: provider.id, profile_id: profile.id }, each);
            // Subscribers that are not folded yet are computed; a second payment makes folded ones stale.
            if (index < folded) await foldListCounts(ctx.db);
          }
          ledger.push(paid);
        }
        for (const asked of questions) {
          const periods = readPeriods(asked, 'UTC', ctx.clock.now());
          const report = await reportCohorts(ctx.db, { provider, unit: 'usd' }, periods);
          const expected = recount(ledger, periods.bounds);
          const shown = (series: readonly Series[]) => series.map(({ values }) => values.map(([, value]) => value));
          assert.deepEqual(shown(report.results), expected.counts, JSON.stringify(asked));
          assert.deepEqual(shown(report.extra ?? []), expected.amounts, JSON.stringify(asked));
          await compareMovements(provider.id, periods.bounds);
        }
        const { rows } = await sql`select name from recurring_errors()`.execute(ctx.db);
        assert.deepEqual(rows, []);
      },
    ),
    { numRuns: 8 },
  );
});

function recount(ledger: readonly Paid[][], bounds: readonly Date[]): { counts: number[][]; amounts: number[][] } {
  const began = ledger.map((paid) => new Date(START_MS + Math.min(...paid.map(({ from_h }) => from_h)) * HOUR_MS));
  const cells = bounds.slice(0, -1).map((start, index) => {
    const end = bounds[index + 1] ?? start;
    const members = ledger.filter((_, place) => {
      const at = began[place];
      return at !== undefined && at >= start && at < end;
    });
    return bounds.slice(index + 1).map((bound) => members.map((paid) => revenueBefore(paid, bound)));
  });
  return {
    counts: cells.map((row) => row.map((revenues) => revenues.filter((revenue) => revenue > 0).length)),
    amounts: cells.map((row) => row.map((revenues) => revenues.reduce((sum, revenue) => sum + revenue, 0))),
  };
}

/** The number and the sum of the movements of a period, which the sums have, are those of the listed rows. */
async function compareMovements(provider_id: ProfileId, bounds: readonly Date[]): Promise<void> {
  const [start_at = null, ends_at = new Date(0)] = bounds;
  const point = { provider_id, unit: 'usd', kinds: movement_kinds, with_pauses: true, start_at, ends_at, cohort: null };
  const list = { page: 1, page_size: 100, terms: [], fields: [], order: [], start_at: null, ends_at: null };
  const { page, amount } = await listMovements(ctx.db, point, list, new URL('http://cowork.test/'));
  assert.equal(page.count, page.results.length);
  assert.equal(
    page.results.reduce((sum, movement) => sum + movement.amount, 0),
    amount,
  );
}
