import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import { accounts, moveAmount, type NewEntry, postEvent, verifyLedger } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { changeAndRestore } from '../test/support/change-and-restore.ts';
import { makeParty, makeSubject, orderEntry, paidEntry, writtenOffEntry } from '../test/support/factories/ledger.ts';
import { registerBrokerManager } from '../test/support/register-managers.ts';
import { apiClient, registerUser } from '../test/support/client.ts';
import { next } from '../test/support/factories.ts';
import { startApp, type TestApp } from '../test/support/start-app.ts';
import { ledgerChecks } from './ledger-checks.ts';
import { foldListCounts } from './platform/lists/row-count-store.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
  const operator = await registerBrokerManager(app, 'operator');
  const plan = { slug: 'gold', title: 'Gold', description: 'Gold', is_active: true, period_type: 'monthly' };
  const made = await operator('POST', '/api/profile/cowork/plans', { ...plan, period_amount: 2000 });
  assert.equal(made.status, 201, made.text);
  const buyer = apiClient(app, await registerUser(app, 'xia'));
  for (let purchase = 0; purchase < 2; purchase += 1) {
    assert.equal((await buyer('POST', '/api/cart', { plan: 'gold', option: 1 })).status, 201);
    const paid = await buyer('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' });
    assert.equal(paid.status, 201, paid.text);
    if (purchase > 0) continue;
    const { processor_key } = paid.json<{ processor_key: string }>();
    const refund = { lines: [{ num: 0, refunded_amount: 500 }] };
    const refunded = await operator('POST', `/api/billing/xia/charges/${processor_key}/refund`, refund);
    assert.equal(refunded.status, 201, refunded.text);
  }
});
after(() => app.close());

const tables = ['ledger_entries', 'ledger_events', 'charges', 'charge_items', 'refunds', 'refund_lines', 'order_lines'];

async function findViolations(): Promise<string[]> {
  const { violations } = await verifyLedger(app.db, { checks: ledgerChecks });
  return violations
    .filter(({ rule }) => !/hash|seal|is the sum of its entries|are the sums of|sum to zero|ranks from 0/.test(rule))
    .map(({ rule, where, detail }) => `${rule}: ${where}: ${detail}`);
}

test('purchases and a refund break no rule', async () => {
  const { violations, events_count } = await verifyLedger(app.db, { checks: ledgerChecks });
  assert.deepEqual(violations, []);
  assert.ok(events_count >= 5);
});

test('verification names each charge, refund and order that disagrees with the ledger', async () => {
  const first = sql`(select min(id) from charges)`;
  const item = sql`(select min(id) from charge_items)`;
  const entry = sql`(select min(ledger_entry_id) from order_lines)`;
  const event_of_charge = sql`(select id from ledger_events where key = (select 'charge:' || processor_key from charges where id = ${first}))`;
  const cases: [RawBuilder<unknown>, RegExp[]][] = [
    [
      sql`update charges set amount = 1999 where id = ${first}`,
      [
        /^a charge has lines .*: charge \w+: 1999 charged, the lines sum to 2000 usd$/,
        /^a paid charge has its event.*1999 charged, 2000 paid/,
      ],
    ],
    [
      sql`delete from charge_items where id = ${item}`,
      [
        /^a charge has lines .*the lines sum to 0 usd$/,
        /^the list of the charges of a provider .*: it has no line$/,
        /^the ledger gives back no more .*cha_\d+\/\d+\/: 500 usd given back, the line is missing$/,
      ],
    ],
    [
      sql`update charges set state = 'created' where id = ${first}`,
      [
        /^the list of the charges of a provider .*: its facts are listed otherwise$/,
        /^a paid charge has its event.*it is not paid and has an event$/,
      ],
    ],
    [
      sql`update ledger_events set key = 'other' where id = ${event_of_charge}`,
      [/^a paid charge has its event.*: it has no event$/],
    ],
    [
      sql`update ledger_entries set orig_amount = 1, dest_amount = 1 where orig_account = 'Liability' and ledger_event_id = ${event_of_charge}`,
      [/^a paid charge has its event.*2000 charged, 1 paid and 2000 collected, in usd$/],
    ],
    [
      sql`update charge_items set invoiced_entry_id = ${entry}`,
      [/^an order is not charged above its amount: entry \d+: 2000 ordered, 4000 charged by \w+, \w+$/],
    ],
    [
      sql`update refund_lines set amount = 2001`,
      [/^the refunds of a line are not above the line: charge \w+, line 0: 2000 paid, 2001 refunded, in usd$/],
    ],
    [
      sql`update ledger_entries set orig_amount = 2001, dest_amount = 2001 where orig_account = 'Refunded'`,
      [/^the ledger gives back no more .*: cha_\d+\/\d+\/: 2001 usd given back, the line is 2000 usd$/],
    ],
    [
      sql`update charge_items set invoiced_entry_id = (select max(id) from ledger_entries) where id = ${item}`,
      [
        /^an order is not charged above its amount: entry \d+: nothing ordered/,
        /^a line of a charge has its order: charge \w+, line 0: entry \d+ is of no order$/,
      ],
    ],
    [
      sql`delete from order_lines where ledger_entry_id = ${entry}`,
      [
        /^a line of a charge has its order/,
        /^an order in the ledger is a line of an order.*2000 usd posted, the lines are missing$/,
      ],
    ],
    [
      sql`update order_lines set amount = 1 where ledger_entry_id = ${entry}`,
      [
        /^an order in the ledger is a line of an order.*2000 usd posted, the lines are 1 usd$/,
        /^the coverages on a subscription .*the price is 2001 usd, the coverages are 4000, 0 was taken$/,
      ],
    ],
    [
      sql`update order_lines set ledger_entry_id = null where ledger_entry_id = ${entry}`,
      [
        /^a line of a charge has its order/,
        /^an order in the ledger is a line/,
        /^a line that an order has booked.*line 0: it has no entry$/,
      ],
    ],
  ];
  for (const [change, expected] of cases) {
    const found = await changeAndRestore(app.db, tables, change, findViolations);
    const text = `${change.compile(app.db).sql}\n${found.join('\n')}`;
    assert.equal(found.length, expected.length, text);
    for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? '', pattern, text);
  }
  assert.deepEqual(await findViolations(), [], 'the rows are restored');
});

test('verification names each figure that differs from the subscriptions and their paid time', async () => {
  await foldListCounts(app.db);
  const figure_tables = [
    'recurring_movements',
    'recurring_days',
    'subscription_days',
    'subscription_months',
    'subscriber_spans',
  ];
  const cases: [RawBuilder<unknown>, RegExp][] = [
    [sql`update recurring_movements set after_amount = 1`, /^the recurring revenue .* in usd at .*: the figure is 1, /],
    [sql`update recurring_days set amount = 1 where kind = 'new'`, /^the recurring revenue .*: new of provider/],
    [
      sql`update subscription_days set begun_count = 9 where list = 'plan'`,
      /^the numbers of subscriptions .*: plan \d+ on /,
    ],
    [
      sql`update subscription_months set ended_count = 9 where list = 'plan'`,
      /^the numbers of subscriptions .*: plan \d+ in the month of \d{4}-\d\d-01: ended/,
    ],
    [sql`delete from subscriber_spans`, /^the numbers of subscriptions .*: periods of profile \d+ at provider/],
  ];
  assert.deepEqual(await findViolations(), []);
  for (const [change, expected] of cases) {
    const found = await changeAndRestore(app.db, figure_tables, change, findViolations);
    assert.ok(
      found.some((line) => expected.test(line)),
      `${expected}: ${found.join('\n')}`,
    );
  }
});

test('the amounts on a subscription follow the rules of recognition', async () => {
  const [provider, payer] = [await makeParty(app.db), await makeParty(app.db)];
  const subject = makeSubject();
  const move = (from: NewEntry['orig_account'], to: NewEntry['dest_account'], amount: number) =>
    moveAmount({
      from: { profile_id: provider, account: from },
      to: { profile_id: provider, account: to },
      amount,
      unit: 'usd',
      subject,
      description: 'A movement',
    });
  const post = (...entries: NewEntry[]) =>
    inTransaction(app.db, (tx) => postEvent(tx, { key: next('event'), kind: 'test', at: app.clock.now(), entries }));
  const sale = { provider, payer, subject };
  const rule = `what is recognised of a subscription or seat is within its orders, its payments and what is due: sub_${subject.id}`;

  await post(orderEntry({ ...sale, amount: 1200 }));
  await post(move(accounts.income, accounts.receivable, 300));
  assert.deepEqual(await findViolations(), [], 'income of an unpaid order');
  await post(paidEntry({ ...sale, amount: 1000 }));
  assert.deepEqual(await findViolations(), [
    `${rule}: 300 taken from Receivable before the payment, 200 due, 0 written off, in usd`,
  ]);
  await post(move(accounts.receivable, accounts.backlog, 300));
  assert.deepEqual(await findViolations(), [], 'the payment returns the income to Backlog');
  await post(move(accounts.income, accounts.receivable, 200));
  await post(writtenOffEntry({ ...sale, amount: 200 }));
  assert.deepEqual(await findViolations(), [], 'what is written off may be recognised from Receivable');
  await post(move(accounts.income, accounts.backlog, 700));
  assert.deepEqual(await findViolations(), [], 'all of the order is recognised');

  await post(move(accounts.income, accounts.backlog, 1));
  assert.deepEqual(await findViolations(), [
    `${rule}: more is recognised than was paid, the Backlog is 1 usd; the Income is 1201 of orders of 1200 usd`,
  ]);
  await post(move(accounts.backlog, accounts.income, 1));
  await post(move(accounts.receivable, accounts.backlog, 201));
  assert.deepEqual(await findViolations(), [
    `${rule}: more is recognised than was paid, the Backlog is 201 usd; -1 taken from Receivable before the payment, 0 due, 200 written off, in usd`,
  ]);
});
