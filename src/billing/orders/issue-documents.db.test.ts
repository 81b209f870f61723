import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import type { Plan } from '#catalog';
import { addPeriods } from '#kernel/period';
import { documentChecks } from '#ledger';
import { callProcessor, refundCharge } from '#payments';
import { inTransaction, type Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { sha256Hex } from '#platform/security/crypto';
import type { Profile } from '#profiles';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  addPlanToCart,
  type Buyer,
  checkOutCart,
  isProblemWithCode,
  makeBuyer,
  makeCheckoutInput,
} from '../../../test/support/factories/billing.ts';
import { makeCoupon, makePlan } from '../../../test/support/factories/catalog.ts';
import { makeSeller } from '../../../test/support/factories/subscriptions.ts';
import { addToCart } from '../cart/add-to-cart.ts';
import { claimSeats } from '../cart/claim-seats.ts';
import { redeemCoupon } from '../cart/redeem-coupon.ts';
import { reserveOrder } from '../checkout/reserve-order.ts';
import { settleOrder } from './settle-order.ts';

const broker: Subject = { profile_id: null, user_id: null, relation: 'broker', is_manager: true };
let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/** A provider with one plan, whose series of this year is empty. */
async function makeSellerWithPlan(timezone = 'UTC'): Promise<{ provider: Profile; plan: Plan }> {
  const { profile: provider } = await makeSeller(database.db);
  await database.db.updateTable('profiles').set({ default_timezone: timezone }).where('id', '=', provider.id).execute();
  return { provider, plan: await makePlan(ctx, { provider_id: provider.id }) };
}

async function findNumbers(provider_id: ProfileId): Promise<string[]> {
  const rows = await database.db
    .selectFrom('documents')
    .select('number')
    .where('provider_id', '=', provider_id)
    .orderBy('id')
    .execute();
  return rows.map(({ number }) => number);
}

const expectedNumbers = (count: number, year = 2026) =>
  Array.from({ length: count }, (_, index) => `${year}-${String(index + 1).padStart(6, '0')}`);

async function buy(plan: Plan, buyer?: Buyer): Promise<Buyer> {
  const by = buyer ?? (await makeBuyer(ctx));
  await addPlanToCart(by, plan);
  await checkOutCart(by);
  return by;
}

/** Reserves and pays an order whose settlement the caller runs. */
async function payOnly(plan: Plan) {
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, plan);
  const { order, attempt } = await reserveOrder(
    buyer.ctx,
    buyer.profile.id,
    buyer.owner,
    makeCheckoutInput('tok_visa'),
  );
  assert(attempt);
  const outcome = await callProcessor(buyer.ctx, attempt);
  assert(outcome.outcome === 'succeeded');
  return { settle: () => settleOrder(buyer.ctx, order.id, attempt, outcome), order };
}

test('a settled order has an invoice with the parties, the lines and one coverage per subscription', async () => {
  const { provider, plan } = await makeSellerWithPlan();
  const coupon = await makeCoupon(ctx, { profile_id: provider.id, discount_value: 2500 });
  const setup = await makePlan(ctx, { provider_id: provider.id, setup_amount: 500 });
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, plan);
  await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  await addPlanToCart(buyer, setup);
  await checkOutCart(buyer);
  const [invoice, ...others] = await database.db
    .selectFrom('documents')
    .selectAll()
    .where('provider_id', '=', provider.id)
    .execute();
  assert(invoice);
  assert.deepEqual(others, []);
  assert.equal(invoice.number, '2026-000001');
  assert.equal(invoice.profile_id, buyer.profile.id);
  assert.deepEqual(invoice.created_at, ctx.clock.now());
  assert.equal((invoice.seller as { name: string }).name, provider.full_name || provider.slug);
  assert.equal((invoice.buyer as { email: string }).email, buyer.profile.email);
  const lines = await database.db
    .selectFrom('document_lines')
    .innerJoin('ledger_entries', 'ledger_entries.id', 'document_lines.ledger_entry_id')
    .select(['kind', 'full_amount', 'amount', 'document_lines.description', 'ledger_entries.description as booked'])
    .where('document_id', '=', invoice.id)
    .orderBy('document_lines.rank')
    .execute();
  assert.equal(
    invoice.amount,
    lines.reduce((sum, line) => sum + line.amount, 0),
  );
  assert.ok(lines.every(({ description, booked }) => description === booked));
  assert.ok(
    lines.some(({ kind, full_amount, amount }) => kind === 'period' && full_amount === 2000 && amount === 1500),
  );
  assert.ok(lines.some(({ kind, full_amount, amount }) => kind === 'setup' && full_amount === 500 && amount === 500));

  const coverages = await database.db
    .selectFrom('coverages')
    .innerJoin('order_lines as line', 'line.id', 'coverages.order_line_id')
    .innerJoin('subscriptions', 'subscriptions.id', 'coverages.subscription_id')
    .selectAll('coverages')
    .select(['line.amount as line_amount', 'line.recurring_amount', 'line.recurring_periods'])
    .select('subscriptions.anchor_at as subscription_anchor_at')
    .where('line.provider_id', '=', provider.id)
    .where('line.kind', '=', 'period')
    .execute();
  assert.equal(coverages.length, 2);
  for (const coverage of coverages) {
    assert.equal(coverage.amount, coverage.line_amount);
    assert.deepEqual(coverage.anchor_at, coverage.subscription_anchor_at);
    assert.deepEqual(coverage.anchor_at, ctx.clock.now());
    assert.deepEqual(
      [coverage.starts_at, coverage.ends_at],
      [ctx.clock.now(), addPeriods(ctx.clock.now(), 1, 'monthly')],
    );
    assert.deepEqual([coverage.rank, coverage.quantity], [0, 1]);
    assert.deepEqual([coverage.recurring_amount, coverage.recurring_periods], [2000, 1], 'a coupon does not recur');
  }
});

test('an order of several providers has one invoice of each; a provider whose lines are all 0 has none', async () => {
  const sellers = [await makeSellerWithPlan(), await makeSellerWithPlan()];
  const giver = await makeSellerWithPlan();
  const buyer = await makeBuyer(ctx);
  for (const { plan } of sellers) await addPlanToCart(buyer, plan);
  await addPlanToCart(buyer, await makePlan(ctx, { provider_id: giver.provider.id, period_amount: 0 }));
  await checkOutCart(buyer);
  for (const { provider } of sellers) assert.deepEqual(await findNumbers(provider.id), ['2026-000001']);
  assert.deepEqual(await findNumbers(giver.provider.id), []);
});

test('a declined payment and an order of 0 take no number; a repeated settlement takes none again', async () => {
  const { provider, plan } = await makeSellerWithPlan();
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, plan);
  await assert.rejects(checkOutCart(buyer, 'tok_chargeDeclined'), isProblemWithCode('card_declined'));
  await buy(await makePlan(ctx, { provider_id: provider.id, period_amount: 0 }));
  assert.deepEqual(await findNumbers(provider.id), []);
  const { settle } = await payOnly(plan);
  const charges = await Promise.all([settle(), settle(), settle()]);
  assert.equal(charges.filter((charge) => charge !== null).length, 1);
  assert.equal(await settle(), null);
  assert.deepEqual(await findNumbers(provider.id), ['2026-000001']);
});

test('the settlements of one provider at the same time get 1…n without a gap', async () => {
  const { provider, plan } = await makeSellerWithPlan();
  const both = await makeSellerWithPlan();
  const count = 24;
  const orders = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const buyer = await makeBuyer(ctx);
      // Carts in both orders: the counters are locked in one order.
      const plans = index % 2 === 0 ? [plan, both.plan] : [both.plan, plan];
      for (const each of plans) await addPlanToCart(buyer, each);
      return buyer;
    }),
  );
  await Promise.all(orders.map((buyer) => checkOutCart(buyer)));
  for (const { id } of [provider, both.provider]) {
    assert.deepEqual((await findNumbers(id)).toSorted(), expectedNumbers(count));
  }
});

test('a settlement that is rolled back returns its number', async () => {
  const { provider, plan } = await makeSellerWithPlan();
  await buy(plan);
  const { settle, order } = await payOnly(plan);
  // The database refuses the commit of the settlement after its number was assigned.
  await sql`create function refuse_test_order() returns trigger language plpgsql as $$
    begin raise exception 'refused by the test'; end $$`.execute(database.db);
  await sql`create constraint trigger refuse_test_order after update on orders deferrable initially deferred
    for each row execute function refuse_test_order()`.execute(database.db);
  await assert.rejects(settle(), /refused by the test/);
  await sql`drop trigger refuse_test_order on orders`.execute(database.db);
  await sql`drop function refuse_test_order`.execute(database.db);
  assert.deepEqual(await findNumbers(provider.id), expectedNumbers(1));
  await buy(plan);
  assert.ok(await settle(), `order ${order.id} settles`);
  assert.deepEqual(await findNumbers(provider.id), expectedNumbers(3));
});

test('a provider does not wait for the counter of another one', async (t) => {
  if (database.url === null) return t.skip('PGlite has one connection: transactions never overlap');
  const [slow, fast] = [await makeSellerWithPlan(), await makeSellerWithPlan()];
  await buy(slow.plan);
  const waiting = await payOnly(slow.plan);
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  try {
    await other.query('begin');
    await other.query('select from document_counters where provider_id = $1 for update', [slow.provider.id]);
    let is_settled = false;
    const settled = waiting.settle().then(() => (is_settled = true));
    await buy(fast.plan);
    assert.deepEqual(await findNumbers(fast.provider.id), expectedNumbers(1));
    await waitForLock(other);
    assert.equal(is_settled, false, 'the settlement of the same provider waits');
    await other.query('commit');
    await settled;
  } finally {
    await other.end();
  }
  assert.deepEqual(await findNumbers(slow.provider.id), expectedNumbers(2));
});

/** Waits until a statement waits for a lock of a client. */
async function waitForLock(client: pg.Client): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { rowCount } = await client.query(
      'select from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid))',
    );
    if (rowCount) return;
    await sleep(20);
  }
  assert.fail('no statement waits for the counter');
}

test('a second order of a plan covers the time behind the first, from the same anchor', async () => {
  const { provider, plan } = await makeSellerWithPlan();
  const buyer = await buy(plan);
  await buy(plan, buyer);
  const coverages = await database.db
    .selectFrom('coverages')
    .innerJoin('order_lines as line', 'line.id', 'coverages.order_line_id')
    .selectAll('coverages')
    .where('line.provider_id', '=', provider.id)
    .orderBy('starts_at')
    .execute();
  const anchor = ctx.clock.now();
  const ends = [0, 1, 2].map((count) => (count === 0 ? anchor : addPeriods(anchor, count, 'monthly')));
  assert.deepEqual(
    coverages.map(({ starts_at, ends_at, anchor_at }) => [starts_at, ends_at, anchor_at]),
    [
      [ends[0], ends[1], anchor],
      [ends[1], ends[2], anchor],
    ],
  );
});

test('a seat for a person without an account is covered from its claim, with the price that was paid', async () => {
  const { provider, plan } = await makeSellerWithPlan();
  const payer = await makeBuyer(ctx);
  await addToCart(payer.ctx, payer.owner, [{ plan: plan.slug, sync_on: 'invited-seat@example.com', full_name: 'Ada' }]);
  await checkOutCart(payer);
  const findCoverages = () =>
    database.db
      .selectFrom('coverages')
      .innerJoin('order_lines as line', 'line.id', 'coverages.order_line_id')
      .selectAll('coverages')
      .select('line.claim_email')
      .where('line.provider_id', '=', provider.id)
      .execute();
  assert.deepEqual(await findCoverages(), []);
  assert.deepEqual(await findNumbers(provider.id), expectedNumbers(1));
  const code = '1'.repeat(40);
  await database.db
    .updateTable('claims')
    .set({ code_hash: sha256Hex(code) })
    .where('profile_id', '=', payer.profile.id)
    .execute();
  const claimer = await makeBuyer(ctx);
  // The code is bound to the address that it was sent to.
  await database.db
    .updateTable('users')
    .set({ email: 'invited-seat@example.com', email_verified_at: ctx.clock.now() })
    .where('id', '=', claimer.user.id)
    .execute();
  await claimSeats(claimer.ctx, claimer.user.id, code);
  await checkOutCart(claimer);
  const coverages = await findCoverages();
  assert.deepEqual(
    coverages.map(({ claim_email, amount, starts_at }) => ({ claim_email, amount, starts_at })),
    [{ claim_email: 'invited-seat@example.com', amount: 2000, starts_at: ctx.clock.now() }],
  );
  assert.deepEqual(await findNumbers(provider.id), expectedNumbers(1), 'the claim is an order of 0');
});

test('a refund of lines of two providers has one credit note of each; the notes of an invoice never exceed it', async () => {
  const sellers = [await makeSellerWithPlan(), await makeSellerWithPlan()];
  const buyer = await makeBuyer(ctx);
  for (const { plan } of sellers) await addPlanToCart(buyer, plan);
  const charge = await checkOutCart(buyer);
  assert(charge);
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }, { num: 1 }]);
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  await assert.rejects(refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 1 }]));
  const notes = await database.db
    .selectFrom('documents as note')
    .innerJoin('documents as invoice', 'invoice.id', 'note.invoice_id')
    .innerJoin('document_lines as line', 'line.document_id', 'note.id')
    .innerJoin('ledger_entries as entry', 'entry.id', 'line.ledger_entry_id')
    .select([
      'note.number',
      'note.amount',
      'note.refunded',
      'note.profile_id',
      'note.seller',
      'invoice.number as invoice',
    ])
    .select(['line.kind', 'line.amount as line_amount', 'entry.orig_account', 'invoice.seller as invoice_seller'])
    .where(
      'note.provider_id',
      'in',
      sellers.map(({ provider }) => provider.id),
    )
    .orderBy('note.id')
    .execute();
  assert.deepEqual(notes.map(({ number, invoice, amount }) => [number, invoice, amount]).toSorted(), [
    ['CN-2026-000001', '2026-000001', 2000],
    ['CN-2026-000001', '2026-000001', 500],
    ['CN-2026-000002', '2026-000001', 1500],
  ]);
  for (const note of notes) {
    assert.deepEqual([note.kind, note.line_amount, note.orig_account], ['refund', note.amount, 'Refunded']);
    assert.deepEqual([note.refunded, note.profile_id], [note.amount, buyer.profile.id]);
    assert.deepEqual(note.seller, note.invoice_seller);
  }
});

test('concurrent refunds of one provider get CN-1…n without a gap; a refused refund takes no number', async () => {
  const { provider, plan } = await makeSellerWithPlan();
  const charges = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const buyer = await makeBuyer(ctx);
      await addPlanToCart(buyer, plan);
      const charge = await checkOutCart(buyer);
      assert(charge);
      return charge;
    }),
  );
  const [first] = charges;
  assert(first);
  await assert.rejects(refundCharge(ctx, broker, first, [{ num: 0, refunded_amount: 2001 }]));
  await Promise.all(charges.map((charge) => refundCharge(ctx, broker, charge, [{ num: 0 }])));
  const numbers = (await findNumbers(provider.id)).filter((number) => number.startsWith('CN-'));
  assert.deepEqual(
    numbers.toSorted(),
    expectedNumbers(10).map((number) => `CN-${number}`),
  );
});

test('the database refuses to change or delete a document', async () => {
  const { provider, plan } = await makeSellerWithPlan();
  await buy(plan);
  const own = sql`provider_id = ${provider.id}`;
  await assert.rejects(sql`update documents set amount = 1 where ${own}`.execute(database.db), /never changed/);
  await assert.rejects(sql`delete from documents where ${own}`.execute(database.db), /never changed/);
  await assert.rejects(sql`delete from document_lines`.execute(database.db), /never changed/);
});

test('the year of a number is that of the provider, and a new year begins at 1', async () => {
  const [paris, utc, nowhere] = [
    await makeSellerWithPlan('Europe/Paris'),
    await makeSellerWithPlan('UTC'),
    await makeSellerWithPlan('Mars/Base'),
  ];
  ctx.clock.set(new Date('2026-12-31T23:30:00Z'));
  const buyer = await makeBuyer(ctx);
  for (const { plan } of [paris, utc, nowhere]) await addPlanToCart(buyer, plan);
  await checkOutCart(buyer);
  assert.deepEqual(await findNumbers(paris.provider.id), ['2027-000001']);
  assert.deepEqual(await findNumbers(utc.provider.id), ['2026-000001']);
  assert.deepEqual(await findNumbers(nowhere.provider.id), ['2026-000001']);
  // A job that settles in the new year books at the instant of the reservation.
  const late = await payOnly(utc.plan);
  ctx.clock.set(new Date('2027-01-01T00:10:00Z'));
  await late.settle();
  await buy(utc.plan);
  assert.deepEqual(await findNumbers(utc.provider.id), ['2026-000001', '2026-000002', '2027-000001']);
});

test('the verification finds nothing after the tests above, and finds each kind of fault', async () => {
  const verify = async (reader: Reader): Promise<string[]> => {
    const broken: string[] = [];
    for (const { rule, find } of documentChecks) if ((await find(reader)).length > 0) broken.push(rule);
    return broken;
  };
  assert.deepEqual(await verify(database.db), []);
  const { plan } = await makeSellerWithPlan();
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, plan);
  const charge = await checkOutCart(buyer);
  assert(charge);
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  const faults: [fault: string, rule: RegExp][] = [
    ['update document_counters set last_serial = last_serial + 1', /no gap/],
    ['update documents set amount = amount + 1 where invoice_id is null', /add up/],
    ['update document_lines set amount = amount + 1, full_amount = null', /with its amount/],
    ['update documents set amount = amount + 1, refunded = refunded + 1 where invoice_id is not null', /at most/],
  ];
  for (const [fault, rule] of faults) {
    const undo = new Error('the fault is undone');
    const broken = inTransaction(database.db, async (tx) => {
      await sql`alter table documents disable trigger user`.execute(tx);
      await sql`alter table document_lines disable trigger user`.execute(tx);
      await sql.raw(fault).execute(tx);
      assert.match((await verify(tx)).join(), rule, fault);
      throw undo;
    });
    await assert.rejects(broken, undo);
  }
  assert.deepEqual(await verify(database.db), []);
});
