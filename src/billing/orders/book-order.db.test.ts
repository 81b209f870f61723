import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fromSubjectColumns, type LedgerSubject, verifyLedger } from '#ledger';
import { findCharge, findChargeItems } from '#payments';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { type Buyer, checkOutCart, makeBuyer, addPlanToCart } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/**
 * Returns the entries of a buyer's orders and their charge as `kind from → to amount`, with description and subject.
 */
async function entriesOf(buyer: Buyer): Promise<{ row: string; description: string; subject: LedgerSubject | null }[]> {
  const rows = await database.db
    .selectFrom('ledger_entries as entry')
    .innerJoin('ledger_events as event', 'event.id', 'entry.ledger_event_id')
    .selectAll('entry')
    .select('event.kind')
    .where('entry.ledger_event_id', 'in', (eb) =>
      eb
        .selectFrom('ledger_entries')
        .select('ledger_event_id')
        .where((or) =>
          or.or([or('orig_profile_id', '=', buyer.profile.id), or('dest_profile_id', '=', buyer.profile.id)]),
        ),
    )
    .orderBy('entry.id')
    .execute();
  return rows.map(({ kind, orig_account, dest_account, dest_amount, description, ...row }) => ({
    row: `${kind} ${orig_account} → ${dest_account} ${dest_amount}`,
    description,
    subject: fromSubjectColumns(row),
  }));
}

test('a free line of a paid order has distribution entries of zero', async () => {
  const buyer = await makeBuyer(ctx);
  const [paid, free] = [await makePlan(ctx), await makePlan(ctx, { period_amount: 0 })];
  await addPlanToCart(buyer, paid);
  await addPlanToCart(buyer, free);
  const charge = await checkOutCart(buyer);
  const entries = await entriesOf(buyer);
  const zero = entries.filter(({ row }) => row.endsWith(' 0'));
  assert.deepEqual(zero.map(({ row }) => row).toSorted(), [
    'charge Backlog → Receivable 0',
    'charge Funds → Funds 0',
    'order Receivable → Payable 0',
  ]);
  const order = zero.find(({ row }) => row.startsWith('order'));
  assert.deepEqual(zero.find(({ row }) => row.includes('Backlog'))?.subject, order?.subject);
  assert.equal(entries.filter(({ row }) => row.startsWith('charge Funds → Funds')).length, 2);

  assert(charge);
  const found = await findCharge(database.db, charge.processor_key);
  assert(found);
  const items = await findChargeItems(database.db, found.id);
  assert.deepEqual(items.map(({ amount }) => amount).toSorted(), [0, 2000]);
  assert(items.every(({ distribute_entry_id }) => distribute_entry_id !== null));
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});

test('an order of free lines only has no charge and no distribution', async () => {
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, await makePlan(ctx, { period_amount: 0 }));
  assert.equal(await checkOutCart(buyer), null);
  assert.deepEqual(
    (await entriesOf(buyer)).map(({ row }) => row),
    ['order Receivable → Payable 0'],
  );
});
