import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { addPeriods } from '#kernel/period';
import { accounts, type Entry, moveAmount, type NewEntry, postEvent, verifyLedger } from '#ledger';
import type { SubscriptionId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { ledgerChecks } from '../../ledger-checks.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { addPlanToCart, type Buyer, checkOutCart, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { next } from '../../../test/support/factories.ts';
import { closeCoverages, type ClosedCoverage, type Closing } from './close-coverages.ts';
import { findCoverages } from './coverage-store.ts';
import { closeFrozen, freezeCoverages, resumeCoverages } from './freeze-coverages.ts';
import { findFrozen } from './frozen-store.ts';
import { recogniseProfile } from './recognise-income.ts';
import { removeSeats } from './remove-seats.ts';

const bought_at = new Date('2026-01-10T10:00:00Z');
const half = new Date('2026-01-25T22:00:00Z');
let database: TestDatabase;
let ctx: TestContext;
let buyer: Buyer;
let subscription_id: SubscriptionId;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: bought_at });
});
after(() => database.close());

beforeEach(async () => {
  buyer = await makeBuyer(ctx);
  subscription_id = await buy({ period_amount: 9000 });
});

async function buy(sample: Parameters<typeof makePlan>[1], option = 1): Promise<SubscriptionId> {
  const plan = await makePlan(ctx, sample);
  await addPlanToCart(buyer, plan, { option });
  await checkOutCart(buyer);
  const found = await ctx.db
    .selectFrom('subscriptions')
    .select('id')
    .where('profile_id', '=', buyer.profile.id)
    .where('plan_id', '=', plan.id)
    .executeTakeFirstOrThrow();
  return found.id;
}

/** Runs an operation and posts its entries, as the operations of a subscription do. */
async function operate<T extends Pick<Closing, 'entries'> & { closed?: readonly Taken[] }>(
  work: (tx: Tx) => Promise<T>,
  at: Date,
  takes = true,
): Promise<T> {
  return inTransaction(ctx.db, async (tx) => {
    const done = await work(tx);
    const entries = [...done.entries, ...(takes ? notesOf(done.closed ?? []) : [])];
    if (entries.length > 0) await postEvent(tx, { key: next('operation'), kind: 'test', at, entries });
    return done;
  });
}

type Taken = ClosedCoverage & { taken?: number };

/** Takes the unearned amounts out of the orders, as a credit note does. */
function notesOf(closed: readonly Taken[]): NewEntry[] {
  return closed.map(({ payer_id, provider_id, subject, unit, unearned, taken }) =>
    moveAmount({
      from: { profile_id: payer_id, account: accounts.refunded },
      to: { profile_id: provider_id, account: accounts.backlog },
      amount: taken ?? unearned,
      unit,
      subject,
      description: 'Credit note',
    }),
  );
}

/** Accepts the error by which a test rolls its transaction back. */
function requireRollback(error: unknown): void {
  assert.equal(error instanceof Error && error.message, 'roll back', String(error));
}

const rowsOf = (entries: readonly (Entry | NewEntry)[]) =>
  entries.map(({ orig_account, dest_account, dest_amount, created_at, description }) => [
    `${orig_account}→${dest_account} ${dest_amount}`,
    created_at?.toISOString().slice(0, 19),
    description.replace(/^Recognize \S+ /, ''),
  ]);

async function spans(id = subscription_id) {
  return (await findCoverages(ctx.db, id, new Date(0))).map(({ starts_at, ends_at, amount, recognised, quantity }) => [
    starts_at.toISOString().slice(0, 16),
    ends_at.toISOString().slice(0, 16),
    amount,
    recognised,
    quantity,
  ]);
}

test('closing recognises income up to the instant and hands over the rest, with the facts of the line', async () => {
  const { closed, entries } = await operate((tx) => closeCoverages(tx, { subscription_id }, half), half);
  const [coverage] = closed;
  assert(coverage && closed.length === 1);
  assert.deepEqual([coverage.earned, coverage.unearned, coverage.quantity], [4500, 4500, 1]);
  assert.deepEqual(
    [coverage.payer_id, coverage.provider_id, coverage.unit],
    [buyer.profile.id, ctx.site.broker_id, 'usd'],
  );
  assert.deepEqual(
    [coverage.subject, coverage.beneficiary_id],
    [{ kind: 'sub', id: String(subscription_id), part: '' }, buyer.profile.id],
  );
  assert.deepEqual(
    [coverage.starts_at, coverage.closed_at, coverage.ends_at],
    [bought_at, half, addPeriods(bought_at, 1, 'monthly')],
  );
  assert.deepEqual(rowsOf(entries), [
    ['Income→Backlog 4500', '2026-01-25T22:00:00', 'from 2026-01-10T10:00:00Z to 2026-01-25T22:00:00Z (0.5 period)'],
  ]);
  assert.deepEqual(await spans(), [['2026-01-10T10:00', '2026-01-25T22:00', 4500, 4500, 1]]);
  assert.equal(
    await recogniseProfile(ctx, buyer.profile.id, new Date('2027-01-01T00:00:00Z')),
    0,
    'nothing is left to recognise',
  );
});

test('windows that ended before an operation keep their instants', async () => {
  const id = await buy(
    { period_amount: 9000, advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }] },
    2,
  );
  // V14: position 3 + 1/2 of 12.
  const at = new Date('2026-04-25T10:00:00Z');
  const { entries, closed } = await operate((tx) => closeCoverages(tx, { subscription_id: id }, at), at);
  assert.deepEqual(
    rowsOf(entries).map(([row, created_at]) => [row, created_at]),
    [
      ['Income→Backlog 8100', '2026-02-10T09:59:59'],
      ['Income→Backlog 8100', '2026-03-10T09:59:59'],
      ['Income→Backlog 8100', '2026-04-10T09:59:59'],
      ['Income→Backlog 4050', '2026-04-25T10:00:00'],
    ],
  );
  assert.deepEqual([closed[0]?.earned, closed[0]?.unearned], [28350, 68850]);
});

test('a coverage that has not begun is closed whole, and closing at its beginning recognises nothing', async () => {
  const early = new Date('2026-01-09T10:00:00Z');
  for (const at of [early, bought_at]) {
    await inTransaction(ctx.db, async (tx) => {
      const { closed, entries } = await closeCoverages(tx, { subscription_id }, at);
      assert.deepEqual(
        [closed[0]?.earned, closed[0]?.unearned, closed[0]?.closed_at, entries],
        [0, 9000, bought_at, []],
      );
      assert.deepEqual(
        (await findCoverages(tx, subscription_id, new Date(0))).map(({ amount }) => amount),
        [0],
      );
      throw new Error('roll back');
    }).catch(requireRollback);
  }
});

// V30 and V31.
test('a pause freezes the unearned time; it runs on from the resumption with positions from its new end', async () => {
  const paused_at = new Date('2026-01-20T10:00:00Z');
  const frozen = await operate((tx) => freezeCoverages(tx, subscription_id, paused_at), paused_at, false);
  assert.deepEqual(
    rowsOf(frozen.entries).map(([row]) => row),
    ['Income→Backlog 2903'],
  );
  assert.equal(frozen.rest_ms, 21 * 86_400_000);
  assert.deepEqual(
    (await findFrozen(ctx.db, subscription_id)).map(({ amount, offset_ms }) => [amount, offset_ms]),
    [[6097, 0]],
  );
  assert.equal(
    await recogniseProfile(ctx, buyer.profile.id, new Date('2026-02-19T00:00:00Z')),
    0,
    'nothing is earned while paused',
  );

  const anchor = await inTransaction(ctx.db, (tx) =>
    resumeCoverages(tx, subscription_id, new Date('2026-02-20T10:00:00Z')),
  );
  assert.deepEqual(anchor, new Date('2026-03-13T10:00:00Z'));
  assert.deepEqual(await findFrozen(ctx.db, subscription_id), []);
  assert.deepEqual(await spans(), [
    ['2026-01-10T10:00', '2026-01-20T10:00', 2903, 2903, 1],
    ['2026-02-20T10:00', '2026-03-13T10:00', 6097, 0, 1],
  ]);
  await inTransaction(ctx.db, async (tx) => {
    const { closed } = await closeCoverages(tx, { subscription_id }, new Date('2026-03-06T10:00:00Z'));
    assert.equal(closed[0]?.unearned, 2033);
    throw new Error('roll back');
  }).catch(requireRollback);
  assert.equal(await recogniseProfile(ctx, buyer.profile.id, new Date('2026-03-13T10:00:00Z')), 1);
  assert.deepEqual((await spans())[1], ['2026-02-20T10:00', '2026-03-13T10:00', 6097, 6097, 1]);
});

test('cancelling while paused takes the frozen amount', async () => {
  const paused_at = new Date('2026-01-20T10:00:00Z');
  await operate((tx) => freezeCoverages(tx, subscription_id, paused_at), paused_at, false);
  const canceled_at = new Date('2026-02-01T10:00:00Z');
  const { closed } = await operate(
    async (tx) => ({ entries: [], closed: await closeFrozen(tx, subscription_id, canceled_at) }),
    canceled_at,
  );
  assert.deepEqual(
    closed.map(({ unearned, earned, unit }) => [unearned, earned, unit]),
    [[6097, 0, 'usd']],
  );
  assert.deepEqual(await findFrozen(ctx.db, subscription_id), []);
});

// V34 and V35: 5 seats of 1000, then 3 for the rest of the period.
test('seats leave the newest coverage first, and the remaining seats keep their part', async () => {
  const id = await buy({ period_amount: 5000 });
  const line = await ctx.db
    .selectFrom('order_lines')
    .selectAll()
    .where('subscription_id', '=', id)
    .executeTakeFirstOrThrow();
  await ctx.db.updateTable('coverages').set({ quantity: 5 }).where('order_line_id', '=', line.id).execute();
  const seats = await buy({ period_amount: 1500 });
  await ctx.db
    .updateTable('coverages')
    .set({ subscription_id: id, quantity: 3, starts_at: half })
    .where('subscription_id', '=', seats)
    .execute();
  const removed = await operate((tx) => removeSeats(tx, { subscription_id: id, count: 2 }, half), half);
  assert.deepEqual(
    removed.closed.map(({ taken, removed: count }) => [taken, count]),
    [[1000, 2]],
  );
  const later = new Date('2026-02-02T16:00:00Z');
  const more = await operate((tx) => removeSeats(tx, { subscription_id: id, count: 2 }, later), later);
  assert.deepEqual(more.closed.map(({ taken, removed: count }) => [taken, count]).toSorted(), [
    [250, 1],
    [250, 1],
  ]);
  assert.deepEqual(
    (await spans(id))
      .filter(([, ends_at]) => ends_at === '2026-02-10T10:00')
      .map(([, , amount, , quantity]) => [amount, quantity]),
    [[1000, 4]],
  );
});

test('closings break no rule of the ledger', async () => {
  const { violations } = await verifyLedger(ctx.db, { checks: ledgerChecks });
  assert.deepEqual(violations, []);
});
