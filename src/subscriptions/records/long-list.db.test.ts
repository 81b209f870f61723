import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { selectPlanIds } from '#catalog';
import { parseListQuery } from '#kernel/page';
import type { ProfileId } from '#platform/db/db-schema';
import { testContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeSeller } from '../../../test/support/factories/subscriptions.ts';
import { listSubscriptions } from './subscription-list-store.ts';

/** More rows than a list that is sorted (`KEYED_ROWS_MIN`). */
const ROWS = 5200;

let database: TestDatabase;
let provider_id: ProfileId;

before(async () => {
  database = await openTestDatabase();
  const seed = await testContext(database.db);
  provider_id = (await makeSeller(database.db)).profile.id;
  const plans = [await makePlan(seed, { provider_id }), await makePlan(seed, { provider_id })];
  await sql`insert into profiles (slug, full_name, email, phone, country, created_at)
    select 'row-' || n, 'Name ' || n % 40, 'e' || n % 2600 || '@x.example', '', case when n % 3 = 0 then 'FR' else 'US' end, now()
    from generate_series(1, ${ROWS}) n`.execute(database.db);
  // One in a hundred waits, and discloses no address.
  await sql`insert into subscriptions (profile_id, plan_id, created_at, ends_at, grant_key)
    select id, case when id % 3 = 0 then ${plans[0]?.id}::bigint else ${plans[1]?.id}::bigint end, '2026-01-01',
      timestamptz '2027-01-01' + id % 700 * interval '1 hour', case when id % 100 = 0 then lpad(to_hex(id), 40, '0') end
    from profiles where slug like 'row-%'`.execute(database.db);
});
after(() => database.close());

const agreed = (column: string) => `case when s.grant_key is null then p.${column} end`;
/** The order of each field: its column, the key whose rows stand together, the end, the id. */
const orders: Record<string, string> = {
  ends_at: 's.ends_at, s.id',
  created_at: 's.created_at, s.ends_at, s.id',
  plan: 'plan.slug, s.plan_id, s.ends_at, s.id',
  profile: 'p.slug, p.id, s.ends_at, s.id',
  profile__full_name: 'p.full_name, p.id, s.ends_at, s.id',
  profile__email: `${agreed('email')}, p.id, s.ends_at, s.id`,
  profile__phone: `${agreed('phone')}, p.id, s.ends_at, s.id`,
  profile__country: `${agreed('country')}, p.id, s.ends_at, s.id`,
};

test('a list that is read key by key has the rows of the sorted list, in both directions and on each page', async () => {
  const url = new URL('http://cowork.test/');
  const span = { span: 'active', at: new Date('2026-03-10T12:00:00Z') } as const;
  for (const [field, order] of Object.entries(orders)) {
    for (const direction of ['', '-']) {
      const text = direction === '' ? order : order.replaceAll(/, (?=[a-z.]+)|$/g, (end) => ` desc${end}`);
      const { rows } = await sql<{ id: number }>`
        select s.id from subscriptions s join profiles p on p.id = s.profile_id join plans plan on plan.id = s.plan_id
        where plan.profile_id = ${provider_id} order by ${sql.raw(text)}`.execute(database.db);
      for (const page of ['1', '3', '60']) {
        const list = parseListQuery({ o: `${direction}${field}`, page, page_size: '80' }, (at) => new Date(at));
        const party = { plans: selectPlanIds(database.db, provider_id) };
        const read = await listSubscriptions(database.db, party, span, list, url);
        assert.equal(read.count, ROWS);
        assert.deepEqual(
          read.results.map(({ id }) => Number(id)),
          rows.slice((Number(page) - 1) * 80, Number(page) * 80).map(({ id }) => id),
          `${direction}${field}, page ${page}`,
        );
      }
    }
  }
});
