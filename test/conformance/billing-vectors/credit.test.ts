import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, fromSubjectColumns, issueCreditNotes, moveAmount, postEvent, verifyLedger } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { noteCredit, notedAmounts, saveNotedCredit } from '#billing';
import {
  balancesOf,
  type Call,
  type ChangeSite,
  dueOf,
  eventsPostedBy,
  expectStatus,
  lotsLeft,
  startChanges,
} from '../../support/changes.ts';

// Credit of the examples V26 to V29 of the specification, with every row of the ledger.

let site: ChangeSite;
before(async () => {
  site = await startChanges();
});
after(() => site.close());

const give = (amount: number, profile = 'xia', by: Call = site.broker, more: object = {}) =>
  expectStatus(
    by('POST', `/api/billing/${profile}/credits`, { amount, unit: 'usd', descr: 'Thank you', ...more }),
    201,
  );

test('V26 two lots pay two lines of a checkout, and no card is charged', async () => {
  const [lite, team] = [await site.plan('lite'), await site.plan('team')];
  assert.deepEqual(await eventsPostedBy(site, () => give(300)), ['`crd_1/` cowork:Credit→cowork:Writeoff 300']);
  await give(5000);
  await site.xia('POST', '/api/cart', [{ plan: lite.slug }, { plan: team.slug }]);
  const shown = await expectStatus(site.xia('GET', '/api/billing/xia/checkout'), 200);
  assert.deepEqual(shown.json()['credit'], { amount: 3000, unit: 'usd' });
  const events = await eventsPostedBy(site, async () => {
    const paid = await expectStatus(site.xia('POST', '/api/billing/xia/checkout', {}), 200);
    assert.deepEqual(paid.json(), {});
  });
  assert.deepEqual(events, [
    '`sub_1/` cowork:Receivable→xia:Payable 2000 · `sub_2/` cowork:Receivable→xia:Payable 1000 · ' +
      '`crd_1/` xia:Liability→cowork:Credit 300 · `sub_1/` xia:Payable→xia:Liability 300 · ' +
      'cowork:Backlog→cowork:Receivable 300 · `crd_2/` xia:Liability→cowork:Credit 1700 · ' +
      '`sub_1/` xia:Payable→xia:Liability 1700 · cowork:Backlog→cowork:Receivable 1700 · ' +
      '`crd_2/` xia:Liability→cowork:Credit 1000 · `sub_2/` xia:Payable→xia:Liability 1000 · ' +
      'cowork:Backlog→cowork:Receivable 1000',
  ]);
  assert.equal(await balancesOf(site, 'cowork'), 'cowork Backlog -3000 Credit -2300 Writeoff 5300');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.equal(await lotsLeft(site), 'lot 2 left 2300');
  const history = await expectStatus(site.xia('GET', '/api/billing/xia/history'), 200);
  const used = history.json<{ results: { description: string; is_debit: boolean; amount: string }[] }>().results;
  assert.deepEqual(
    used.flatMap(({ description, is_debit, amount }) => (description === 'Credit used' ? [[is_debit, amount]] : [])),
    [
      [true, '($3.00)'],
      [true, '($17.00)'],
      [true, '($10.00)'],
    ],
  );
});

test('the list of credit has totals, and names neither foreign lots nor wrong amounts', async () => {
  const listed = await expectStatus(site.xia('GET', '/api/billing/xia/credits'), 200);
  const { totals, results, count } = listed.json<{
    count: number;
    totals: { amount: number; unit: string; provider: { slug: string } }[];
    results: { number: number; amount: number; balance: number; refundable: boolean; source: string | null }[];
  }>();
  assert.equal(count, 2);
  assert.deepEqual(
    totals.map(({ amount, unit, provider }) => [amount, unit, provider.slug]),
    [[2300, 'usd', 'cowork']],
  );
  assert.deepEqual(
    results.map(({ amount, balance, refundable, source }) => [amount, balance, refundable, source]),
    [
      [5000, 2300, false, null],
      [300, 0, false, null],
    ],
  );
  const number = results[0]?.number;
  const refund = (lot: number | undefined, body: object = {}) =>
    site.broker('POST', `/api/billing/xia/credits/${lot}/refund`, body);
  assert.equal((await expectStatus(refund(number), 409)).json()['code'], 'credit_not_refundable');
  assert.equal((await expectStatus(refund(99_999), 404)).json()['code'], 'credit_unknown');
  await expectStatus(refund(number, { amount: 0 }), 400);
  await expectStatus(refund(number, { amount: 2301 }), 400);
  await expectStatus(site.xia('POST', '/api/billing/xia/credits', { amount: 100, unit: 'usd', descr: 'Me' }), 403);
  await expectStatus(site.broker('POST', '/api/billing/xia/credits', { amount: 0, unit: 'usd', descr: 'No' }), 400);
  await expectStatus(site.broker('POST', '/api/billing/xia/credits', { amount: 1, unit: 'usd', descr: ' ' }), 400);
});

test('V27 a refund takes the card first, then returns what credit paid as a new lot', async () => {
  const call = await site.register('yves');
  const plan = await site.plan('half', { period_amount: 12_450 });
  await give(4500, 'yves');
  let key = '';
  const sold = await eventsPostedBy(site, async () => {
    key = (await site.buy(call, 'yves', plan.slug)).json<{ processor_key: string }>().processor_key;
  });
  assert.match(sold.join(), /yves:Liability→stripe:Funds 7950/);
  assert.match(sold.join(), /stripe:Backlog→cowork:Expenses 261/, 'fees are computed on what the card pays');
  const refund = (refunded_amount?: number) =>
    site.broker('POST', `/api/billing/yves/charges/${key}/refund`, {
      lines: [{ num: 0, ...(refunded_amount === undefined ? {} : { refunded_amount }) }],
    });
  assert.equal((await expectStatus(refund(12_451), 405)).json()['code'], 'refund_exceeds_line');
  const lots = (await site.app.db.selectFrom('credits').select('id').execute()).length;
  const events = await eventsPostedBy(site, () => expectStatus(refund(), 201));
  const [event = ''] = events;
  assert.equal(events.length, 1);
  assert.match(
    event,
    /^`cha_\d+\/1\/` yves:Refunded→cowork:Refund 7950 · stripe:Funds→stripe:Refund 261 · cowork:Funds→stripe:Refund 7689 · `crd_\d+\/` cowork:Credit→cowork:Refund 4500$/,
  );
  assert.equal((await site.app.db.selectFrom('credits').select('id').execute()).length, lots + 1);
  const notes = await expectStatus(call('GET', '/api/billing/yves/credit-notes'), 200);
  const [note] = notes.json<{ results: { amount: number; refunded: number; credited: number; lot: number }[] }>()
    .results;
  assert.deepEqual([note?.amount, note?.refunded, note?.credited], [12_450, 7950, 4500]);
  const listed = (await call('GET', '/api/billing/yves/credits')).json<{ results: { number: number }[] }>();
  assert.equal(note?.lot, listed.results[0]?.number);
  await expectStatus(refund(1), 405);
  assert.equal(await dueOf(call, 'yves'), 0);
});

test('a line without an amount for the card returns credit only, without the processor', async () => {
  const call = await site.register('zoe');
  const plan = await site.plan('part', { period_amount: 3000 });
  await give(1000, 'zoe');
  const key = (await site.buy(call, 'zoe', plan.slug)).json<{ processor_key: string }>().processor_key;
  const refund = (refunded_amount: number) =>
    expectStatus(
      site.broker('POST', `/api/billing/zoe/charges/${key}/refund`, { lines: [{ num: 0, refunded_amount }] }),
      201,
    );
  await refund(2000);
  const [event = ''] = await eventsPostedBy(site, () => refund(400));
  assert.match(event, /^`crd_\d+\/` cowork:Credit→cowork:Refund 400$/);
  await refund(600);
});

test('V29 credit pays neither another provider nor another unit nor a gift', async () => {
  const call = await site.register('walt');
  await site.register('bob');
  const { profile: club } = await site.provider('club');
  await give(5000, 'walt');
  const other = await site.plan('elsewhere', { provider_id: club.id, period_amount: 2000 });
  const foreign = await site.plan('canadian', { unit: 'cad', period_amount: 2000 });
  const seat = await site.plan('seat', { period_amount: 2000 });
  for (const { slug } of [other, foreign]) {
    const charge = (await site.buy(call, 'walt', slug)).json<{ amount: number }>();
    assert.equal(charge.amount, 2000);
  }
  await site.app.db.updateTable('profiles').set({ is_bulk_buyer: true }).where('slug', '=', 'walt').execute();
  await expectStatus(call('POST', '/api/cart', { plan: seat.slug, sync_on: 'bob', full_name: 'Bob' }), 200, 201);
  await expectStatus(call('GET', '/api/billing/walt/checkout'), 200);
  const gift = await expectStatus(call('POST', '/api/billing/walt/checkout', {}), 201);
  assert.equal(gift.json()['amount'], 2000);
  const { totals } = (await call('GET', '/api/billing/walt/credits')).json<{ totals: { amount: number }[] }>();
  assert.deepEqual(
    totals.map(({ amount }) => amount),
    [5000],
  );
});

test('a declined card returns the credit that the order held', async () => {
  const call = await site.register('vera');
  const plan = await site.plan('dear', { period_amount: 9000 });
  await give(1000, 'vera');
  await expectStatus(call('POST', '/api/cart', { plan: plan.slug }), 200, 201);
  await expectStatus(call('GET', '/api/billing/vera/checkout'), 200);
  const declined = await call('POST', '/api/billing/vera/checkout', { processor_token: 'tok_chargeDeclined' });
  assert.equal(declined.status, 400, declined.text);
  const { totals } = (await call('GET', '/api/billing/vera/credits')).json<{ totals: { amount: number }[] }>();
  assert.deepEqual(
    totals.map(({ amount }) => amount),
    [1000],
  );
});

test('what credit leaves below the minimum of a card stays due and is collected with the next order', async () => {
  const call = await site.register('uma');
  const [first, second] = [
    await site.plan('almost', { period_amount: 1030 }),
    await site.plan('next', { period_amount: 2000 }),
  ];
  await give(1000, 'uma');
  await expectStatus(call('POST', '/api/cart', { plan: first.slug }), 200, 201);
  await expectStatus(call('GET', '/api/billing/uma/checkout'), 200);
  await expectStatus(call('POST', '/api/billing/uma/checkout', {}), 200);
  assert.equal(await dueOf(call, 'uma'), 30);
  const charge = await site.buy(call, 'uma', second.slug);
  assert.equal(charge.json()['amount'], 2030);
  assert.equal(await dueOf(call, 'uma'), 0);
});

/** Notes an amount of the newest order of a payer, as a change of plan does. */
async function noteNewest(payer: string, amount: number): Promise<void> {
  const line = await site.app.db
    .selectFrom('order_lines as line')
    .innerJoin('orders', 'orders.id', 'line.order_id')
    .innerJoin('profiles', 'profiles.id', 'orders.profile_id')
    .select(['line.id', 'orders.profile_id'])
    .where('profiles.slug', '=', payer)
    .orderBy('line.id', 'desc')
    .executeTakeFirstOrThrow();
  const at = site.app.clock.now();
  await inTransaction(site.app.db, async (tx) => {
    const noted = await noteCredit(tx, [{ order_line_id: line.id, amount, kind: 'unused_time' }], {
      holder_id: line.profile_id,
      created_by: null,
      at,
    });
    const posted = await postEvent(tx, {
      key: `note:${line.id}:${amount}`,
      kind: 'change',
      at,
      entries: noted.entries,
    });
    await saveNotedCredit(tx, noted, posted, { at });
    const [entry] = posted;
    assert.ok(entry);
    await issueCreditNotes(tx, { ledger_event_id: entry.ledger_event_id, at }, notedAmounts(noted, posted));
  });
}

test('V27 and V28 a credit note limits the refund of its order, and its lot is paid out to the card', async () => {
  const call = await site.register('tess');
  const plan = await site.plan('basic', { period_amount: 9000 });
  const key = (await site.buy(call, 'tess', plan.slug)).json<{ processor_key: string }>().processor_key;
  const noted = await eventsPostedBy(site, () => noteNewest('tess', 4500));
  assert.match(noted.join(), /tess:Refunded→cowork:Backlog 4500 · `crd_\d+\/` cowork:Credit→tess:Refunded 4500$/);
  const [note] = (await call('GET', '/api/billing/tess/credit-notes')).json<{ results: Record<string, unknown>[] }>()
    .results;
  assert.deepEqual([note?.['amount'], note?.['credited'], note?.['refunded']], [4500, 4500, 0]);
  const history = (await call('GET', '/api/billing/tess/history')).text;
  assert.match(history, new RegExp(`Credit note ${String(note?.['number'])} for Subscription to`));

  const refund = (refunded_amount: number) =>
    site.broker('POST', `/api/billing/tess/charges/${key}/refund`, { lines: [{ num: 0, refunded_amount }] });
  assert.equal((await expectStatus(refund(4501), 405)).json()['code'], 'refund_exceeds_line');
  const payOut = (body: object) =>
    site.broker('POST', `/api/billing/tess/credits/${String(note?.['lot'])}/refund`, body);
  const paid = await eventsPostedBy(site, () => expectStatus(payOut({ amount: 1500 }), 200));
  assert.match(
    paid.join(),
    /tess:Refunded→cowork:Refund 1500 · stripe:Funds→stripe:Refund \d+ · cowork:Funds→stripe:Refund \d+ · `crd_\d+\/` cowork:Refund→cowork:Credit 1500$/,
  );
  await expectStatus(payOut({}), 200);
  await expectStatus(payOut({}), 400);
  assert.equal((await expectStatus(refund(4501), 405)).json()['code'], 'refund_exceeds_line');
  await expectStatus(refund(4500), 201);
});

test('V39 a late payment returns income that was earned from Receivable to Backlog', async () => {
  const call = await site.register('sven');
  const plan = await site.plan('late', { period_amount: 1030 });
  await give(1000, 'sven');
  await expectStatus(call('POST', '/api/cart', { plan: plan.slug }), 200, 201);
  await expectStatus(call('GET', '/api/billing/sven/checkout'), 200);
  await expectStatus(call('POST', '/api/billing/sven/checkout', {}), 200);
  const order = await site.app.db
    .selectFrom('ledger_entries')
    .selectAll()
    .where('dest_account', '=', 'Payable')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  const earned = moveAmount({
    from: { profile_id: order.orig_profile_id, account: accounts.income },
    to: { profile_id: order.orig_profile_id, account: accounts.receivable },
    amount: 30,
    unit: 'usd',
    subject: fromSubjectColumns(order),
    description: 'Recognize',
  });
  const at = site.app.clock.now();
  await inTransaction(site.app.db, (tx) => postEvent(tx, { key: 'earned', kind: 'recognise', at, entries: [earned] }));
  const paid = await eventsPostedBy(site, () =>
    expectStatus(site.broker('DELETE', '/api/billing/sven/balance?paid=true'), 204),
  );
  assert.match(paid.join(), /cowork:Backlog→cowork:Receivable 30 · cowork:Receivable→cowork:Backlog 30 · /);
  assert.equal(await dueOf(call, 'sven'), 0);
});

test('of concurrent payouts of one lot only what it holds is paid out', async () => {
  const call = await site.register('rosa');
  const plan = await site.plan('raced', { period_amount: 9000 });
  await site.buy(call, 'rosa', plan.slug);
  await noteNewest('rosa', 4500);
  const { results } = (await call('GET', '/api/billing/rosa/credits')).json<{ results: { number: number }[] }>();
  const payOut = () => site.broker('POST', `/api/billing/rosa/credits/${results[0]?.number}/refund`, { amount: 3000 });
  const statuses = (await Promise.all([payOut(), payOut(), payOut()])).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join());
  const { totals } = (await call('GET', '/api/billing/rosa/credits')).json<{ totals: { amount: number }[] }>();
  assert.deepEqual(
    totals.map(({ amount }) => amount),
    [1500],
  );
});

test('the ledger is as the lots say', async () => {
  assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
});
