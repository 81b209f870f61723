import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Plan } from '#catalog';
import { parseListQuery } from '#kernel/page';
import { accounts, findBalance, findStatementBalance, listReceivables, postEvent, verifyLedger } from '#ledger';
import { findCountErrors, foldListCounts } from '#platform/lists/row-count-store';
import { refreshCharge } from '#payments';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { subscriptionSubject, type Subscription } from '#subscriptions';
import { signedIn, testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  addPlanToCart,
  type Buyer,
  checkOutCart,
  findChargedAmounts,
  isProblemWithCode,
  makeBuyer,
  makeCheckoutInput,
} from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { orderEntry } from '../../../test/support/factories/ledger.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { subscribe } from '../../../test/support/factories/subscriptions.ts';
import { checkOut } from '../checkout/check-out.ts';
import { showBalance } from '../quotes/show-cart.ts';
import { billUses, type UsesToBill } from './bill-uses.ts';
import { cancelBalance, type Cancellation } from './cancel-balance.ts';
import { importPayment } from './import-payment.ts';
import { reverseAdjustment } from './reverse-adjustment.ts';

let database: TestDatabase;
let ctx: TestContext;
let plan: Plan;
let buyer: Buyer;
let subscription: Subscription;
let orders = 0;

before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());
beforeEach(async () => {
  ctx = await testContext(database.db);
  const manager = await makeReadyUser(database.db);
  ctx = { ...ctx, actor: signedIn(manager) };
  plan = await makePlan(ctx, { use_charges: [{ slug: 'requests', title: 'Requests', quota: 2, use_amount: 15 }] });
  buyer = await makeBuyer(ctx);
  subscription = await subscribe(ctx, buyer.profile, plan);
});

/** Posts an unpaid order on the subscription of the buyer, by default of the buyer. */
async function owe(amount: number, part = '', payer = buyer): Promise<void> {
  orders += 1;
  const entry = orderEntry({
    provider: plan.profile_id,
    payer: payer.profile.id,
    amount,
    subject: subscriptionSubject(subscription.id, part),
  });
  await inTransaction(database.db, (tx) =>
    postEvent(tx, { key: `owed:${plan.id}:${orders}`, kind: 'order', at: ctx.clock.now(), entries: [entry] }),
  );
}

const due = async (): Promise<number> =>
  (await findStatementBalance(database.db, buyer.profile.id, ctx.clock.now())).totals.reduce(
    (sum, { amount }) => sum + amount,
    0,
  );
const balanceOf = async (profile_id: ProfileId, account: Parameters<typeof findBalance>[2]): Promise<number> =>
  (await findBalance(database.db, profile_id, account)).find(({ unit }) => unit === 'usd')?.amount ?? 0;
const cancel = (more: Partial<Cancellation> = {}) =>
  cancelBalance(ctx, {
    profile_id: buyer.profile.id,
    sellers: null,
    amount: null,
    is_paid: false,
    request_key: null,
    ...more,
  });
const use = (more: Partial<UsesToBill> = {}) =>
  billUses(ctx, {
    profile_id: buyer.profile.id,
    sellers: null,
    plan: plan.slug,
    use: 'requests',
    quantity: 1,
    sync_on: null,
    created_at: null,
    request_key: null,
    ...more,
  });
const payByCard = async (token = 'tok_visa') => {
  await showBalance(buyer.ctx, buyer.profile, buyer.owner, null);
  return checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput(token, { balance_only: true }));
};
const importTen = (more: Partial<Parameters<typeof importPayment>[2]> = {}, key: string | null = null) =>
  importPayment(
    ctx,
    plan.profile_id,
    {
      subscription: `${buyer.profile.slug}:${plan.slug}`,
      created_at: ctx.clock.now(),
      amount: '10.00',
      descr: 'Paid by check',
      ...more,
    },
    key,
  );
const toDate = (text: string) => new Date(text);
const url = new URL('http://cowork.test/api/billing/cowork/receivables');
const assertVerified = async () => assert.deepEqual((await verifyLedger(database.db)).violations, []);

test('uses beyond the quota are added to the balance, once per idempotency key', async () => {
  const free = await use({ quantity: 2 });
  assert.deepEqual([free.is_billed, free.amount, free.description], [false, 0, `Buy 2 ${plan.slug} Requests`]);
  const billed = await use({ quantity: 3, request_key: 'metering-1' });
  assert.deepEqual([billed.is_billed, billed.amount, billed.description], [true, 45, `Buy 3 ${plan.slug} Requests`]);
  const repeated = await Promise.all([1, 2, 3].map(() => use({ quantity: 3, request_key: 'metering-1' })));
  assert.deepEqual(repeated, [billed, billed, billed]);
  const entries = await database.db
    .selectFrom('ledger_entries')
    .select(['orig_account', 'dest_account', 'dest_amount', 'subject_part'])
    .where('subject_id', '=', String(subscription.id))
    .execute();
  assert.deepEqual(entries, [
    { orig_account: 'Receivable', dest_account: 'Payable', dest_amount: 45, subject_part: 'requests' },
  ]);
  assert.equal(await due(), 45);
});

test('uses are refused without a use charge, a subscription or the right to bill the plan', async () => {
  await assert.rejects(use({ use: null }), isProblemWithCode('use_charge_absent'));
  await assert.rejects(use({ use: 'nope' }), isProblemWithCode('invalid_input'));
  await assert.rejects(
    use({ created_at: new Date('2020-01-01T00:00:00Z') }),
    isProblemWithCode('subscription_uncovered'),
  );
  await assert.rejects(use({ created_at: new Date('2036-01-01T00:00:00Z') }), isProblemWithCode('invalid_input'));
  await assert.rejects(use({ sellers: [] }), isProblemWithCode('permission_denied'));
  await assert.rejects(use({ sync_on: 'another@example.com' }), isProblemWithCode('invalid_input'));
  assert.equal(await due(), 0);
});

test('§2.10 a write-off settles the balance on the subjects that own it', async () => {
  await owe(2000);
  await owe(300, 'requests');
  const receivable = await balanceOf(plan.profile_id, accounts.receivable);
  const [adjustment] = await cancel();
  assert.equal(adjustment?.amount, 2300);
  assert.equal(await due(), 0);
  assert.equal(await balanceOf(buyer.profile.id, accounts.canceled), 2300);
  assert.equal(await balanceOf(buyer.profile.id, accounts.liability), 0);
  assert.equal(await balanceOf(buyer.profile.id, accounts.payable), 0);
  assert.equal(await balanceOf(plan.profile_id, accounts.receivable), receivable - 2300);
  assert.deepEqual(await cancel(), []);
  await assertVerified();
});

test('an amount settles the subjects in the order of the statement, and never more than is due', async () => {
  await owe(2000);
  await owe(300, 'requests');
  await assert.rejects(cancel({ amount: 2301 }), isProblemWithCode('invalid_input'));
  await cancel({ amount: 2100 });
  assert.equal(await due(), 200);
  const { subjects } = await findStatementBalance(database.db, buyer.profile.id, ctx.clock.now());
  assert.deepEqual(
    subjects.map(({ subject, amount }) => [subject.part, amount]),
    [['requests', 200]],
  );
});

test('a provider settles what is due on its own plans only', async () => {
  await owe(2000);
  const other = await makeOrganization(database.db, { is_provider: true });
  assert.deepEqual(await cancel({ sellers: [other.id] }), []);
  assert.equal(await due(), 2000);
  await cancel({ sellers: [plan.profile_id] });
  assert.equal(await due(), 0);
});

// Appendix C, C13 of docs/spec/billing.md.
test('C13 §2.9 an import writes an order and its payment and leaves the balance as it was', async () => {
  const before = {
    funds: await balanceOf(plan.profile_id, accounts.funds),
    offline: await balanceOf(plan.profile_id, accounts.offline),
  };
  const { entries } = await importTen();
  assert.deepEqual(
    entries.map(({ orig_account, dest_account, orig_amount }) => [orig_account, dest_account, orig_amount]),
    [
      ['Receivable', 'Payable', 1000],
      ['Liability', 'Funds', 1000],
      ['Payable', 'Liability', 1000],
      ['Backlog', 'Receivable', 1000],
      ['Funds', 'Offline', 1000],
    ],
  );
  assert.match(entries[0]?.description ?? '', /^Paid by check \(.+\)$/);
  assert.equal(await due(), 0);
  assert.equal(await balanceOf(plan.profile_id, accounts.funds), before.funds);
  assert.equal(await balanceOf(plan.profile_id, accounts.offline), before.offline + 1000);
  await assertVerified();
});

test('an import names what is wrong and writes nothing', async () => {
  const refused = 'offline_payment_refused';
  for (const subscription of ['xia', ':', 'a:b:c', `${buyer.profile.slug}:nope`, `unknown-profile:${plan.slug}`])
    await assert.rejects(importTen({ subscription }), isProblemWithCode(refused), subscription);
  for (const amount of ['0', '-1', '1.005', 'ten', '1e3', '9007199254740993', ''])
    await assert.rejects(importTen({ amount }), isProblemWithCode('invalid_input'), amount);
  await assert.rejects(importTen({ created_at: new Date('2036-01-01T00:00:00Z') }), isProblemWithCode('invalid_input'));
  const ended = new Date(subscription.ends_at.getTime());
  ctx.clock.set(new Date(ended.getTime() + 86_400_000));
  await assert.rejects(importTen({ created_at: ended }), isProblemWithCode(refused));
  assert.equal(await balanceOf(buyer.profile.id, accounts.payable), 0);
});

test('an import with an idempotency key is recorded once', async () => {
  const first = await importTen({}, 'import-1');
  const second = await importTen({ amount: '20.00' }, 'import-1');
  assert.equal(second.adjustment.key, first.adjustment.key);
  assert.deepEqual(
    second.entries.map(({ id }) => id),
    first.entries.map(({ id }) => id),
  );
});

for (const is_paid of [false, true])
  test(`${is_paid ? 'an offline payment' : 'a write-off'} is reversed once, and the amount is due again`, async () => {
    await owe(2000);
    const accountsNow = async () => ({
      payable: await balanceOf(buyer.profile.id, accounts.payable),
      liability: await balanceOf(buyer.profile.id, accounts.liability),
      canceled: await balanceOf(buyer.profile.id, accounts.canceled),
      receivable: await balanceOf(plan.profile_id, accounts.receivable),
      backlog: await balanceOf(plan.profile_id, accounts.backlog),
      offline: await balanceOf(plan.profile_id, accounts.offline),
      writeoff: await balanceOf(plan.profile_id, accounts.writeoff),
    });
    const before = await accountsNow();
    const [adjustment] = await cancel({ is_paid });
    assert(adjustment);
    assert.equal(await due(), 0);
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => reverseAdjustment(ctx, plan.profile_id, adjustment.key)),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.ok(isProblemWithCode('adjustment_reversed')(outcome.reason));
    assert.equal(await due(), 2000);
    assert.deepEqual(await accountsNow(), before);
    const charge = await payByCard();
    assert.equal(charge?.amount, 2000);
    assert.equal(await due(), 0);
    await assertVerified();
  });

test('a partial payment is reversed to the amount that was due', async () => {
  await owe(2000);
  const [adjustment] = await cancel({ is_paid: true, amount: 500 });
  assert.equal(await due(), 1500);
  await reverseAdjustment(ctx, plan.profile_id, adjustment?.key ?? '');
  assert.equal(await due(), 2000);
});

test('a reversed import leaves no balance', async () => {
  const { adjustment } = await importTen();
  const payable = await balanceOf(buyer.profile.id, accounts.payable);
  await reverseAdjustment(ctx, plan.profile_id, adjustment.key);
  assert.equal(await due(), 0);
  assert.equal(await balanceOf(buyer.profile.id, accounts.payable), payable);
  assert.equal(await balanceOf(buyer.profile.id, accounts.liability), 0);
  await assertVerified();
});

test('a reversed import lowers the sales by a row of its own; other reversals change no sale', async () => {
  plan = await makePlan(ctx, { provider_id: (await makeOrganization(database.db)).id });
  subscription = await subscribe(ctx, buyer.profile, plan);
  const sales = () => listReceivables(ctx, plan.profile_id, { list: parseListQuery({}, toDate), url });
  const found = () => listReceivables(ctx, plan.profile_id, { list: parseListQuery({ q: 'check' }, toDate), url });
  await owe(2000);
  const { adjustment } = await importTen();
  assert.deepEqual([(await sales()).count, (await sales()).balance_amount], [2, 3000]);
  await reverseAdjustment(ctx, plan.profile_id, adjustment.key);
  for (const is_folded of [false, true]) {
    if (is_folded) await foldListCounts(database.db);
    const { count, balance_amount, results } = await sales();
    assert.deepEqual([count, balance_amount], [3, 2000]);
    const [taken] = results.filter(({ is_debit }) => is_debit);
    assert.deepEqual([taken?.amount, taken?.orig_profile.slug], ['($10.00)', buyer.profile.slug]);
    assert.deepEqual([(await found()).count, (await found()).balance_amount], [2, 0], 'a search sums its rows');
    for (const o of ['orig_profile', '-dest_profile', 'dest_profile__full_name', 'amount']) {
      const list = parseListQuery({ o }, toDate);
      assert.equal((await listReceivables(ctx, plan.profile_id, { list, url })).results.length, 3, o);
    }
  }
  for (const is_paid of [true, false]) {
    const [settled] = await cancel({ is_paid });
    assert.equal((await sales()).balance_amount, 2000);
    await reverseAdjustment(ctx, plan.profile_id, settled?.key ?? '');
    assert.deepEqual([(await sales()).balance_amount, await due()], [2000, 2000]);
  }
  assert.deepEqual(await findCountErrors(database.db), []);
  await assertVerified();
});

test('an imported sale is not charged to a card while the gift of another payer is due', async () => {
  const giver = await makeBuyer(ctx);
  await owe(5000, '', giver);
  ctx.clock.set(new Date(ctx.clock.now().getTime() + 60_000));
  await importTen();
  await addPlanToCart(buyer, plan);
  await checkOutCart(buyer);
  assert.deepEqual(await findChargedAmounts(buyer), [plan.period_amount]);
  assert.equal(await balanceOf(buyer.profile.id, accounts.liability), 0);
});

test('a seat whose balance was settled in part is charged the rest', async () => {
  await addPlanToCart(buyer, plan, { sync_on: 'seat@example.com' });
  const charge = await checkOutCart(buyer, 'tok_chargeAsyncFail');
  assert(charge);
  await database.db
    .updateTable('test_processor_charges')
    .set({ state: 'failed' })
    .where('key', '=', charge.processor_key)
    .execute();
  await refreshCharge(ctx, charge);
  await cancel({ amount: 500 });
  assert.equal(await due(), plan.period_amount - 500);
  assert.equal((await payByCard())?.amount, plan.period_amount - 500);
  assert.equal(await due(), 0);
});

test('another provider cannot reverse an adjustment', async () => {
  await owe(2000);
  const [adjustment] = await cancel();
  const other = await makeOrganization(database.db, { is_provider: true });
  await assert.rejects(
    reverseAdjustment(ctx, other.id, adjustment?.key ?? ''),
    isProblemWithCode('adjustment_unknown'),
  );
});

test('of a write-off and card payments at the same time exactly one settles the balance', async () => {
  for (let round = 0; round < 5; round += 1) {
    await owe(2000);
    await showBalance(buyer.ctx, buyer.profile, buyer.owner, null);
    const pay = () =>
      checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_visa', { balance_only: true }));
    const outcomes = await Promise.allSettled([pay(), cancel(), cancel({ is_paid: true }), pay(), cancel()]);
    const refusals = new Set(['cart_empty', 'cart_changed', 'charge_pending', 'checkout_in_flight']);
    const settled = outcomes.filter((outcome) => {
      if (outcome.status === 'rejected') {
        const { code } = outcome.reason as { code: string }; // a problem
        assert.ok(refusals.has(code), `${code}: ${String(outcome.reason)}`);
        return false;
      }
      return Array.isArray(outcome.value) ? outcome.value.length > 0 : outcome.value !== null;
    });
    assert.equal(settled.length, 1);
    assert.equal(await due(), 0);
  }
  await assertVerified();
});

test('a write-off waits for a payment that the processor has not decided', async () => {
  await owe(2000);
  await payByCard('4000000000000341');
  await assert.rejects(cancel(), isProblemWithCode('charge_pending'));
});
