import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { inTransaction } from '#platform/db/database';
import { migrationsFolder } from '#platform/db/migrate';
import { endAllOfProfile, findSubscription } from '#subscriptions';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { addPlanToCart, checkOutCart, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { returnRequests } from './return-requests.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/** A request that ended before the site was upgraded, without a row of the job. */
async function endRequest(fields: Parameters<typeof makePlan>[1]) {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true, ...fields });
  await addPlanToCart(buyer, plan);
  await checkOutCart(buyer);
  const requested = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
  assert.ok(requested?.request_key);
  await inTransaction(database.db, (tx) => endAllOfProfile(tx, buyer.profile.id, ctx.clock.now()));
  return requested.id;
}

const countExpired = async () =>
  (
    await database.db
      .selectFrom('outbox_events')
      .select('id')
      .where('name', '=', 'subscription_request_expired')
      .execute()
  ).length;

test('after an upgrade, only requests with money are given back and announced', async () => {
  await endRequest({ period_amount: 0 });
  const paid = await endRequest({ period_amount: 2000 });
  ctx.clock.set(new Date(ctx.clock.now().getTime() + 1000));
  const text = await readFile(join(migrationsFolder, '0124-requests-ended-before.sql'), 'utf8');
  await sql.raw(text).execute(database.db);
  assert.equal(await returnRequests(ctx, ctx.processors), 1);
  const rows = await database.db.selectFrom('returned_requests').select('subscription_id').execute();
  assert.ok(rows.some(({ subscription_id }) => subscription_id === paid));
  assert.equal(rows.length, 2);
  assert.equal(await countExpired(), 1);
});
