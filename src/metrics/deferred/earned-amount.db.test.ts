import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { periodTypes } from '#kernel/period';
import { earned } from '#kernel/position';
import { makeRandom } from '../../simulate/random.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { ledgerSeeds } from '../../../test/support/recount/seeds.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const YEAR_MS = 366 * 86_400_000;

for (const seed of ledgerSeeds())
  test(`the database earns an amount as the program does, seed ${seed}`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const random = makeRandom(seed, 'earned');
    // Month ends, leap days and instants between.
    const instant = () =>
      random.chance(0.5)
        ? Date.UTC(random.integer(2023, 2025), random.integer(0, 11), random.pick([1, 28, 29, 30, 31]))
        : Date.UTC(2023, 0, 1) + random.integer(0, 3 * YEAR_MS);
    const [first, ...rest] = periodTypes;
    const cases = Array.from({ length: 400 }, () => {
      const starts_at = instant();
      return {
        amount: random.integer(0, 10_000_000),
        anchor_at: new Date(instant()),
        period_type: random.pick([first, ...rest]),
        starts_at: new Date(starts_at),
        ends_at: new Date(starts_at + random.integer(1, 2 * YEAR_MS)),
        at: new Date(instant()),
      };
    });
    const { rows } = await sql<{ amount: number }>`
      select earned_amount(amount, anchor_at, period_type, starts_at, ends_at, at) as amount
      from json_to_recordset(${JSON.stringify(cases)}::json) as given (amount bigint, anchor_at timestamptz,
        period_type text, starts_at timestamptz, ends_at timestamptz, at timestamptz)`.execute(database.db);
    assert.deepEqual(
      rows.map(({ amount }) => amount),
      cases.map(({ amount, at, ...span }) => earned(amount, span, at)),
    );
  });
