import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makePerson, makeSeller, subscribe } from '../../../test/support/factories/subscriptions.ts';
import { listSubscribers } from './subscriber-store.ts';
import { insertSubscription } from '../records/subscription-store.ts';

let database: TestDatabase;
let seed: TestContext;

before(async () => {
  database = await openTestDatabase();
  seed = await testContext(database.db);
});
after(() => database.close());

const list = { page: 1, page_size: 100, terms: [], fields: [], order: [], start_at: null, ends_at: null };
const url = new URL('http://cowork.test/');

test('the subscribers of a provider are those of its own plans', async () => {
  const one = await makeSeller(database.db);
  const two = await makeSeller(database.db);
  const mine = await makePlan(seed, { provider_id: one.profile.id });
  const theirs = await makePlan(seed, { provider_id: two.profile.id });
  const gone = await makePerson(database.db);
  const here = await makePerson(database.db);
  const at = seed.clock.now();
  const row = {
    profile_id: gone.profile.id,
    plan_id: mine.id,
    created_at: new Date('2026-01-01'),
    ends_at: new Date('2026-02-01'),
  };
  await inTransaction(database.db, (tx) => insertSubscription(tx, row));
  await subscribe(seed, gone.profile, theirs);
  await subscribe(seed, here.profile, mine);
  const who = async (span: 'active' | 'all') => {
    const page = await listSubscribers(database.db, { provider_id: one.profile.id, span, at }, list, url);
    return page.results.map(({ id }) => id).toSorted((left, right) => left - right);
  };
  assert.deepEqual(await who('active'), [here.profile.id]);
  assert.deepEqual(
    await who('all'),
    [gone.profile.id, here.profile.id].toSorted((left, right) => left - right),
  );
  const without_plans = { provider_id: gone.profile.id, span: 'all', at } as const;
  assert.deepEqual((await listSubscribers(database.db, without_plans, list, url)).results, []);
});
