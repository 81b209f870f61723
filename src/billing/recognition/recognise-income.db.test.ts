import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { Plan } from '#catalog';
import { accounts, convertAmount, moveAmount, postEvent, verifyLedger } from '#ledger';
import { addPeriods, type PeriodType, periodTypes } from '#kernel/period';
import { refreshCharge } from '#payments';
import { inTransaction } from '#platform/db/database';
import { sha256Hex } from '#platform/security/crypto';
import { ledgerChecks } from '../../ledger-checks.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { addPlanToCart, type Buyer, checkOutCart, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { next } from '../../../test/support/factories.ts';
import { billUses } from '../balances/bill-uses.ts';
import { cancelBalance } from '../balances/cancel-balance.ts';
import { reverseAdjustment } from '../balances/reverse-adjustment.ts';
import { addToCart } from '../cart/add-to-cart.ts';
import { claimSeats } from '../cart/claim-seats.ts';
import { isParked, release } from '../parked/index.ts';
import { recogniseIncome, recogniseProfile } from './recognise-income.ts';

const bought_at = new Date('2026-01-10T10:00:00Z');
const far = new Date('2040-01-01T00:00:00Z');
let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: bought_at });
});
after(() => database.close());

interface Sale {
  buyer: Buyer;
  plan: Plan;
}

/** Sells a plan to a new buyer. `paid`: by a card; otherwise the payment fails later, and the order is due. */
async function sell(
  sample: Parameters<typeof makePlan>[1],
  { option = 1, paid = true }: { option?: number; paid?: boolean } = {},
): Promise<Sale> {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, sample);
  await addPlanToCart(buyer, plan, { option });
  const charge = await checkOutCart(buyer, paid ? 'tok_visa' : 'tok_chargeAsyncFail');
  if (!paid && charge) {
    await ctx.db
      .updateTable('test_processor_charges')
      .set({ state: 'failed' })
      .where('key', '=', charge.processor_key)
      .execute();
    await refreshCharge(ctx, charge);
  }
  return { buyer, plan };
}

/** Rows of recognised income of a payer: accounts and amount, instant, text without its first words. */
async function incomeOf({ buyer, plan }: Sale): Promise<[row: string, at: string, text: string][]> {
  const rows = await ctx.db
    .selectFrom('ledger_entries as entry')
    .innerJoin('ledger_events as event', 'event.id', 'entry.ledger_event_id')
    .selectAll('entry')
    .where('event.kind', '=', 'recognition')
    .where('entry.subject_kind', '=', 'sub')
    .where('entry.subject_id', 'in', (eb) =>
      eb
        .selectFrom('subscriptions')
        .select(sql<string>`subscriptions.id::text`.as('id'))
        .where('profile_id', '=', buyer.profile.id)
        .where('plan_id', '=', plan.id),
    )
    .orderBy('entry.id')
    .execute();
  return rows.map(({ orig_account, dest_account, dest_amount, created_at, description }) => [
    `${orig_account}→${dest_account} ${dest_amount}`,
    created_at.toISOString().slice(0, 19),
    description.replace(`Recognize ${buyer.profile.slug}:${plan.slug} `, ''),
  ]);
}

const subscriptionOf = ({ buyer }: Sale) =>
  ctx.db.selectFrom('subscriptions').select('id').where('profile_id', '=', buyer.profile.id).executeTakeFirstOrThrow();

const recognise = ({ buyer }: Sale, until = far) => recogniseProfile(ctx, buyer.profile.id, until);

const cancelDue = ({ buyer }: Sale, amount: number | null = null) =>
  cancelBalance(ctx, { profile_id: buyer.profile.id, sellers: null, amount, is_paid: false, request_key: null });

// C1 of spec/billing.md, Appendix C.
test('a prepaid year is recognised month by month, in twelve equal parts', async () => {
  const sale = await sell(
    { period_amount: 9000, advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }] },
    { option: 2 },
  );
  await recognise(sale, new Date('2026-03-15T00:00:00Z'));
  assert.deepEqual(await incomeOf(sale), [
    ['Income→Backlog 8100', '2026-02-10T09:59:59', 'from 2026-01-10 to 2026-02-09'],
    ['Income→Backlog 8100', '2026-03-10T09:59:59', 'from 2026-02-10 to 2026-03-09'],
  ]);
  assert.equal(await recognise(sale, new Date('2026-03-15T00:00:00Z')), 0);
  await recognise(sale, new Date('2027-02-15T00:00:00Z'));
  const rows = await incomeOf(sale);
  assert.equal(rows.length, 12);
  assert.ok(rows.every(([row]) => row === 'Income→Backlog 8100'));
  assert.equal(rows.at(-1)?.[1], '2027-01-10T09:59:59');
  assert.equal(await recognise(sale), 0, 'nothing is left at the end of the coverage');
});

test('the months of a yearly plan round cumulatively, and the last one takes the rest', async () => {
  const sale = await sell({ period_amount: 10_000, period_type: 'yearly' });
  await recognise(sale);
  const rows = await incomeOf(sale);
  assert.deepEqual(
    rows.map(([row]) => Number(row.split(' ')[1])),
    [833, 833, 834, 833, 833, 834, 833, 833, 834, 833, 833, 834],
  );
  assert.equal(rows[0]?.[2], 'from 2026-01-10T10:00:00Z to 2026-02-10T10:00:00Z (0.08333333333333333 period)');
});

test('plans by the hour, day and week are recognised at the end of what was bought, or of each month', async () => {
  const bought: [PeriodType, number, string[]][] = [
    ['hourly', 3, ['2026-01-10T12:59:59 from 2026-01-10T10:00:00Z to 2026-01-10T13:00:00Z (3 period)']],
    ['daily', 1, ['2026-01-11T09:59:59 from 2026-01-10T10:00:00Z to 2026-01-11T10:00:00Z']],
    ['weekly', 1, ['2026-01-17T09:59:59 from 2026-01-10 to 2026-01-16']],
    [
      'daily',
      62,
      [
        '2026-02-10T09:59:59 from 2026-01-10T10:00:00Z to 2026-02-10T10:00:00Z (31 period)',
        '2026-03-10T09:59:59 from 2026-02-10T10:00:00Z to 2026-03-10T10:00:00Z (28 period)',
        '2026-03-13T09:59:59 from 2026-03-10T10:00:00Z to 2026-03-13T10:00:00Z (3 period)',
      ],
    ],
  ];
  for (const [period_type, period_length, expected] of bought) {
    const sale = await sell({ period_amount: 1000, period_type, period_length });
    await recognise(sale);
    const rows = await incomeOf(sale);
    assert.deepEqual(
      rows.map(([, at, text]) => `${at} ${text}`),
      expected,
    );
    assert.equal(
      rows.reduce((sum, [row]) => sum + Number(row.split(' ')[1]), 0),
      1000,
    );
  }
});

test('an order that is not paid is recognised from Receivable', async () => {
  const sale = await sell({ period_amount: 9000 }, { paid: false });
  await recognise(sale);
  assert.deepEqual(
    (await incomeOf(sale)).map(([row]) => row),
    ['Income→Receivable 9000'],
  );
});

test('an order that is paid in part is recognised from its payment first', async () => {
  const sale = await sell({ period_amount: 9000 }, { paid: false });
  const { buyer } = sale;
  await cancelBalance(ctx, {
    profile_id: buyer.profile.id,
    sellers: null,
    amount: 6000,
    is_paid: true,
    request_key: null,
  });
  await recognise(sale);
  assert.deepEqual(
    (await incomeOf(sale)).map(([row]) => row),
    ['Income→Backlog 6000', 'Income→Receivable 3000'],
  );
});

test('a write-off stops what is not earned; when it is reversed, the next run catches up', async () => {
  const year = { period_amount: 12_000, period_type: 'yearly' as const };
  const sale = await sell(year, { paid: false });
  await recognise(sale, addPeriods(bought_at, 3, 'monthly'));
  const [adjustment] = await cancelDue(sale);
  await recognise(sale);
  assert.deepEqual(
    (await incomeOf(sale)).map(([row]) => row),
    Array.from({ length: 3 }, () => 'Income→Receivable 1000'),
  );
  await reverseAdjustment(ctx, ctx.site.broker_id, adjustment?.key ?? '');
  await recognise(sale);
  const rows = await incomeOf(sale);
  assert.equal(
    rows.reduce((sum, [row]) => sum + Number(row.split(' ')[1]), 0),
    12_000,
  );
});

test('a write-off of part of a debt takes the time that is not earned first; the rest can be paid', async () => {
  for (const [months, canceled, income] of [
    [0, 6000, 6000],
    [6, 6000, 6000],
    [6, 2000, 10_000],
    [6, 9000, 6000],
  ] as const) {
    const sale = await sell({ period_amount: 12_000, period_type: 'yearly' }, { paid: false });
    await recognise(sale, addPeriods(bought_at, months, 'monthly'));
    await cancelDue(sale, canceled);
    await recognise(sale);
    const sum = (await incomeOf(sale)).reduce((total, [row]) => total + Number(row.split(' ')[1]), 0);
    assert.equal(sum, income, `${canceled} written off after ${months} months`);
    const all = { profile_id: sale.buyer.profile.id, sellers: null, amount: null, is_paid: true, request_key: null };
    await cancelBalance(ctx, all);
    const { rows } = await sql<{ backlog: number }>`
      select coalesce(sum(case when dest_account = 'Backlog' then dest_amount else -orig_amount end), 0)::int as backlog
      from ledger_entries where 'Backlog' in (orig_account, dest_account) and subject_kind = 'sub' and subject_id = (
        select subject_id from order_lines where beneficiary_id = ${sale.buyer.profile.id} limit 1)`.execute(ctx.db);
    assert.equal(rows[0]?.backlog, 0, 'nothing is left in Backlog');
  }
});

test('a write-off that was reversed counts as none: for what is earned, for its payment and for a later write-off', async () => {
  const payable = { sellers: null, amount: null, is_paid: true, request_key: null };
  for (const [later, months, income, forgiven] of [
    [0, 3, 12_000, 0],
    [2000, 3, 10_000, 0],
    [2000, 8, 10_000, 0],
    [9000, 8, 8000, 5000],
  ] as const) {
    const sale = await sell({ period_amount: 12_000, period_type: 'yearly' }, { paid: false });
    const profile_id = sale.buyer.profile.id;
    await recognise(sale, addPeriods(bought_at, months, 'monthly'));
    const [reversed] = await cancelDue(sale);
    await reverseAdjustment(ctx, ctx.site.broker_id, reversed?.key ?? '');
    if (later > 0) await cancelDue(sale, later);
    await cancelBalance(ctx, { profile_id, ...payable });
    await recognise(sale);
    const { rows } = await sql`
      select sum(case 'Backlog' when orig_account then -orig_amount when dest_account then orig_amount else 0 end)::int as backlog,
        sum(orig_amount) filter (where orig_account = 'Income')::int as income,
        sum(case orig_account || '→' || dest_account when 'Income→Receivable' then orig_amount
          when 'Receivable→Backlog' then -orig_amount else 0 end)::int as forgiven
      from order_lines line join ledger_entries entry using (subject_kind, subject_id, subject_part)
      where line.beneficiary_id = ${profile_id}`.execute(ctx.db);
    // `forgiven`: income that was written off, the only part of it that no payment returned from Receivable to Backlog.
    assert.deepEqual(rows, [{ backlog: 0, income, forgiven }], `${later} written off after ${months} months`);
  }
});

test('a setup fee is earned at its order if it is paid, otherwise with the first month', async () => {
  const paid = await sell({ period_amount: 9000, setup_amount: 500 });
  await recognise(paid, bought_at);
  assert.deepEqual(await incomeOf(paid), [
    [
      'Income→Backlog 500',
      '2026-01-10T10:00:00',
      `Recognize setup fee for ${paid.buyer.profile.slug}:${paid.plan.slug}`,
    ],
  ]);
  const unpaid = await sell({ period_amount: 9000, setup_amount: 500 }, { paid: false });
  await recognise(unpaid, new Date('2026-02-10T09:59:59Z'));
  assert.deepEqual(await incomeOf(unpaid), []);
  await recognise(unpaid);
  assert.deepEqual((await incomeOf(unpaid)).map(([row, at]) => `${at} ${row}`).toSorted(), [
    '2026-02-10T09:59:59 Income→Receivable 500',
    '2026-02-10T09:59:59 Income→Receivable 9000',
  ]);
});

test('uses are earned in the month of the subscription in which they were recorded, and become a debt', async () => {
  const sale = await sell({
    period_amount: 9000,
    use_charges: [{ slug: 'requests', title: 'Requests', quota: 0, use_amount: 15 }],
  });
  for (const quantity of [2, 3])
    await billUses(ctx, {
      profile_id: sale.buyer.profile.id,
      sellers: null,
      plan: sale.plan.slug,
      use: 'requests',
      quantity,
      sync_on: null,
      created_at: null,
      request_key: null,
    });
  await recognise(sale, new Date('2026-02-10T09:59:59Z'));
  assert.deepEqual(await incomeOf(sale), []);
  await recognise(sale);
  assert.deepEqual(
    (await incomeOf(sale)).map(([row, , text]) => `${row} ${text}`),
    [
      'Income→Backlog 9000 from 2026-01-10 to 2026-02-09',
      'Payable→Liability 75 Keep a balanced ledger',
      'Income→Receivable 75 Recognize requests from 2026-01-10 to 2026-02-09',
    ],
  );
  assert.equal(await recognise(sale), 0);
});

test('a seat for a person without an account is recognised from its claim on, with its setup fee', async () => {
  const payer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { period_amount: 9000, setup_amount: 300 });
  const email = `${next('seat')}@example.com`;
  await addToCart(payer.ctx, payer.owner, [{ plan: plan.slug, sync_on: email, full_name: 'Ada' }]);
  await checkOutCart(payer);
  assert.equal(await recogniseProfile(ctx, payer.profile.id, far), 0, 'an unclaimed seat stays in Backlog');
  const code = sha256Hex(email).slice(0, 40);
  await ctx.db
    .updateTable('claims')
    .set({ code_hash: sha256Hex(code) })
    .where('profile_id', '=', payer.profile.id)
    .execute();
  const claimer = await makeBuyer(ctx);
  await ctx.db
    .updateTable('users')
    .set({ email, email_verified_at: ctx.clock.now() })
    .where('id', '=', claimer.user.id)
    .execute();
  await claimSeats(claimer.ctx, claimer.user.id, code);
  await checkOutCart(claimer);
  await recogniseProfile(ctx, payer.profile.id, far);
  const rows = await ctx.db
    .selectFrom('ledger_entries')
    .select(['subject_kind', 'dest_amount', 'dest_account'])
    .where('orig_account', '=', 'Income')
    .where('description', 'like', `%${claimer.profile.slug}:${plan.slug}%`)
    .orderBy('id')
    .execute();
  assert.deepEqual(
    rows.map(({ subject_kind, dest_amount, dest_account }) => [subject_kind, dest_amount, dest_account]),
    [
      ['cpn', 300, 'Backlog'],
      ['cpn', 9000, 'Backlog'],
    ],
  );
});

test('income of a converted payment is in the unit of the funds, and nothing is left', async () => {
  const sale = await sell({ period_amount: 10_000, period_type: 'yearly', unit: 'cad' }, { paid: false });
  const { subject_id } = await ctx.db
    .selectFrom('order_lines')
    .select('subject_id')
    .where('beneficiary_id', '=', sale.buyer.profile.id)
    .executeTakeFirstOrThrow();
  const provider = (account: 'Backlog' | 'Receivable' | 'Funds') => ({ profile_id: ctx.site.broker_id, account });
  const subject = { kind: 'sub', id: subject_id ?? '', part: '' };
  const common = { description: 'Payment', to_unit: 'cad', unit: 'usd' };
  await inTransaction(ctx.db, (tx) =>
    postEvent(tx, {
      key: next('converted'),
      kind: 'charge',
      at: bought_at,
      entries: [
        convertAmount({
          ...common,
          from: provider('Backlog'),
          to: provider('Receivable'),
          amount: 7251,
          to_amount: 10_000,
          subject,
        }),
        convertAmount({
          ...common,
          unit: 'cad',
          to_unit: 'usd',
          from: provider('Receivable'),
          to: provider('Funds'),
          amount: 10_000,
          to_amount: 7251,
          subject: null,
        }),
      ],
    }),
  );
  await recognise(sale);
  const { rows } = await sql<{ unit: string; account: string; amount: number }>`
    select unit, account, sum(amount)::int as amount from (
      select dest_unit as unit, dest_account as account, dest_amount as amount from ledger_entries
        where subject_kind = 'sub' and subject_id = ${subject.id}
      union all
      select orig_unit, orig_account, -orig_amount from ledger_entries where subject_kind = 'sub' and subject_id = ${subject.id}
    ) posting where account in ('Income', 'Backlog') group by unit, account order by account`.execute(ctx.db);
  assert.deepEqual(rows, [
    { unit: 'usd', account: 'Backlog', amount: 0 },
    { unit: 'usd', account: 'Income', amount: -7251 },
  ]);
  assert.equal((await incomeOf(sale)).length, 12);
});

test('a profile whose books break a rule is parked with the reason; the others continue until it is released', async () => {
  const [broken, sound] = [await sell({ period_amount: 9000 }), await sell({ period_amount: 9000 })];
  const subscription = await subscriptionOf(broken);
  const take = (from: 'income' | 'backlog', to: 'income' | 'backlog') =>
    inTransaction(ctx.db, (tx) =>
      postEvent(tx, {
        key: next('fault'),
        kind: 'test',
        at: bought_at,
        entries: [
          moveAmount({
            from: { profile_id: ctx.site.broker_id, account: accounts[from] },
            to: { profile_id: ctx.site.broker_id, account: accounts[to] },
            amount: 100,
            unit: 'usd',
            subject: { kind: 'sub', id: String(subscription.id), part: '' },
            description: 'A fault',
          }),
        ],
      }),
    );
  await take('income', 'backlog');
  await recogniseIncome(ctx, far);
  const parked = await ctx.db
    .selectFrom('parked_profiles')
    .selectAll()
    .where('profile_id', '=', broken.buyer.profile.id)
    .executeTakeFirstOrThrow();
  assert.equal(parked.job, 'recognise_income');
  assert.match(parked.reason, /^sub_\d+\/: 9000 usd are earned, and 100 of them are neither paid nor due$/);
  assert.deepEqual([(await incomeOf(broken)).length, (await incomeOf(sound)).length], [0, 1]);
  await recogniseIncome(ctx, far);
  assert.equal(
    (await ctx.db.selectFrom('parked_profiles').select('attempts_count').executeTakeFirstOrThrow()).attempts_count,
    1,
  );

  await take('backlog', 'income');
  const key = { profile_id: broken.buyer.profile.id, job: 'recognise_income' as const };
  assert.ok(await inTransaction(ctx.db, (tx) => release(tx, key, { by: null, at: ctx.clock.now() })));
  assert.equal(await inTransaction(ctx.db, (tx) => release(tx, key, { by: null, at: ctx.clock.now() })), undefined);
  assert.equal(await isParked(ctx.db, key.profile_id, key.job), false);
  await recogniseIncome(ctx, far);
  assert.deepEqual(
    (await incomeOf(broken)).map(([row]) => row),
    ['Income→Backlog 9000'],
  );
});

test('moving the clock day by day or at once gives the same rows', async () => {
  const sales: Sale[][] = [];
  for (const paid of [true, false])
    for (const period_type of paid ? periodTypes : (['monthly'] as const))
      sales.push([
        await sell({ period_amount: 10_007, period_type, setup_amount: 333 }, { paid }),
        await sell({ period_amount: 10_007, period_type, setup_amount: 333 }, { paid }),
      ]);
  const end = addPeriods(bought_at, 1, 'yearly');
  for (const [daily, atOnce] of sales) {
    assert(daily && atOnce);
    for (let at = bought_at; at <= end; at = addPeriods(at, 1, 'daily')) await recognise(daily, at);
    await recognise(atOnce, end);
    const strip = (rows: [string, string, string][], { buyer, plan }: Sale) =>
      rows.map((row) => row.join(' ').replace(`${buyer.profile.slug}:${plan.slug}`, ''));
    const expected = strip(await incomeOf(daily), daily);
    assert.ok(expected.length >= 2);
    assert.deepEqual(strip(await incomeOf(atOnce), atOnce), expected);
  }
});

test('concurrent runs on several connections recognise each window once', async () => {
  const sales = await Promise.all(
    Array.from({ length: 6 }, () => sell({ period_amount: 10_000, period_type: 'yearly' })),
  );
  await Promise.all(Array.from({ length: 4 }, () => recogniseIncome(ctx, far)));
  for (const sale of sales) {
    const rows = await incomeOf(sale);
    assert.equal(rows.length, 12);
    assert.equal(
      rows.reduce((sum, [row]) => sum + Number(row.split(' ')[1]), 0),
      10_000,
    );
  }
});

test('recognition breaks no rule of the ledger', async () => {
  const { violations } = await verifyLedger(ctx.db, { checks: ledgerChecks });
  assert.deepEqual(
    violations.filter(({ rule }) => !rule.startsWith('an order in the ledger')),
    [],
  );
});

test('income is limited by what is due, not by a write-off that was reversed', async () => {
  const sale = await sell({ period_amount: 9000 }, { paid: false });
  const [written_off] = await cancelDue(sale);
  await reverseAdjustment(ctx, ctx.site.broker_id, written_off?.key ?? '');
  const { id } = await subscriptionOf(sale);
  await inTransaction(ctx.db, (tx) =>
    postEvent(tx, {
      key: next('fault'),
      kind: 'test',
      at: bought_at,
      entries: [
        moveAmount({
          from: { profile_id: ctx.site.broker_id, account: accounts.income },
          to: { profile_id: ctx.site.broker_id, account: accounts.receivable },
          amount: 9001,
          unit: 'usd',
          subject: { kind: 'sub', id: String(id), part: '' },
          description: 'A fault',
        }),
      ],
    }),
  );
  const fault = '9001 taken from Receivable before the payment, 9000 due, 0 written off, in usd';
  const { violations } = await verifyLedger(ctx.db, { checks: ledgerChecks });
  const found = violations.find(({ where }) => where === `sub_${id}`);
  assert.ok(found?.detail.endsWith(fault), found?.detail);
  await recogniseIncome(ctx, far);
  const parked = await ctx.db
    .selectFrom('parked_profiles')
    .select('reason')
    .where('profile_id', '=', sale.buyer.profile.id)
    .executeTakeFirst();
  assert.equal(parked?.reason, `sub_${id}/: ${fault}`);
});
