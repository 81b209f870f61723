import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { movableClock } from '../platform/clock.ts';
import { setUpSite } from './set-up-site.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test('nodes that start together on an empty database make one site', async () => {
  const clock = movableClock(new Date('2026-03-10T15:00:00Z'));
  const wanted = { slug: 'cowork', title: 'Coworking Space', email: 'support@cowork.example.com' };
  const sites = await Promise.all(Array.from({ length: 4 }, () => setUpSite(database.db, clock, wanted)));
  assert.equal(new Set(sites.map(({ id }) => id)).size, 1);
  const { count } = await database.db
    .selectFrom('profiles')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  assert.equal(count, 2, 'the broker and the processor');
  const again = await setUpSite(database.db, clock, { ...wanted, title: 'Another name' });
  assert.equal(again.title, 'Coworking Space', 'an existing site is unchanged');
});
