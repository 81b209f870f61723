import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { eventsNamed } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makePerson, subscribe } from '../../../test/support/factories/subscriptions.ts';
import { runTogether } from '#platform/db/together';
import { recordUses } from './record-uses.ts';
import { rolloverQuotas } from './usage-store.ts';

let database: TestDatabase;
let seed: TestContext;

before(async () => {
  database = await openTestDatabase();
  seed = await testContext(database.db);
});
after(() => database.close());

test('uses count in their plan period, quota first, then uses bought in advance', async () => {
  const plan = await makePlan(seed, {
    use_charges: [{ slug: 'requests', quota: 100, use_amount: 15, maximum_limit: 150 }],
  });
  const use = plan.use_charges[0]!;
  const { profile } = await makePerson(database.db);
  const subscription = await subscribe(seed, profile, plan, 12);
  const record = async (quantity: number, at: string) => {
    const uses = { subscription, plan, use, quantity, at: new Date(at), originated_by: null };
    return (await inTransaction(database.db, (tx) => recordUses(tx, uses))).billed_quantity;
  };
  const billed: number[] = [];
  for (const quantity of [60, 50, 5, 0, 100]) billed.push(await record(quantity, '2026-03-11T00:00:00Z'));
  assert.deepEqual(billed, [0, 10, 5, 1, 100]);
  assert.equal((await eventsNamed(database.db, 'quota_reached')).length, 1);
  assert.equal((await eventsNamed(database.db, 'use_charge_limit_crossed')).length, 1);
  assert.equal(await record(100, '2026-04-10T15:00:00Z'), 0, 'a year paid in advance has the quota of each month');
});

test('§3.6 uses of two purchases add up', async () => {
  const plan = await makePlan(seed, { use_charges: [{ slug: 'requests', use_amount: 15 }] });
  const use = plan.use_charges[0]!;
  const { profile } = await makePerson(database.db);
  const subscription = await subscribe(seed, profile, plan);
  const bought = { subscription_id: subscription.id, use_charge_id: use.id, quota: use.quota };
  const add = (...quantities: number[]) =>
    inTransaction(database.db, (tx) =>
      runTogether(tx, { bought: rolloverQuotas(quantities.map((quantity) => ({ ...bought, quantity }))) }),
    );
  await add(4, 3);
  await add(5);
  const uses = { subscription, plan, use, quantity: 13, at: seed.clock.now(), originated_by: null };
  const { billed_quantity } = await inTransaction(database.db, (tx) => recordUses(tx, uses));
  assert.equal(billed_quantity, 1);
});

test('concurrent calls never count the same free uses', async () => {
  const plan = await makePlan(seed, { use_charges: [{ slug: 'requests', quota: 10, use_amount: 15 }] });
  const use = plan.use_charges[0]!;
  const { profile } = await makePerson(database.db);
  const subscription = await subscribe(seed, profile, plan);
  const uses = { subscription, plan, use, quantity: 5, at: seed.clock.now(), originated_by: null };
  const counts = await Promise.all(
    Array.from({ length: 4 }, () => inTransaction(database.db, (tx) => recordUses(tx, uses))),
  );
  assert.equal(
    counts.reduce((sum, { billed_quantity }) => sum + billed_quantity, 0),
    10,
  );
});
