import assert from 'node:assert/strict';
import { BEGIN, type ChangeSite, expectStatus, H } from '../../support/changes.ts';
import { signInBrowser } from '../../support/client.ts';
import { begin, change, confirm, expectExample, preview, previewOf, vector } from './change-vector.ts';

// Changes of gifts, grants, seats and disputed payments: examples V22 to V46 of spec changes.md §12, over HTTP.

const JOB = '2026-02-09T10:00:00Z';
const prorated = { downgrade_mode: 'prorate', crossgrade_mode: 'prorate' } as const;

/** Returns the newest code that was mailed to an address. */
async function findMailedCode({ app }: ChangeSite, to: string): Promise<string> {
  await app.tollgate.worker.drain();
  const mail = app.tollgate.mailbox.list(to).find(({ event }) => event === 'claim_code_generated');
  const code = /\b[0-9a-f]{40}\b/.exec(mail?.text ?? '')?.[0];
  assert.ok(code, `no code was mailed to ${to}`);
  return code;
}

vector('V22 group-bought seat upgraded by its holder', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  const joe = await site.register('joe-bulk');
  const seat = { plan: 'basic', sync_on: 'bob@example.com', full_name: 'Bob Tester' };
  await expectStatus(joe('POST', '/api/cart', seat), 201);
  await expectStatus(joe('GET', '/api/billing/joe-bulk/checkout'), 200);
  const body = { processor_token: 'tok_visa' };
  const paid = await expectStatus(joe('POST', '/api/billing/joe-bulk/checkout', body), 201);
  const code = await findMailedCode(site, 'bob@example.com');
  const bob = await site.register('bob');
  const verified = { email_verified_at: site.app.clock.now() };
  await site.app.db.updateTable('users').set(verified).where('username', '=', 'bob').execute();
  await expectStatus(bob('POST', '/api/cart/redeem', { code }), 200);
  await expectStatus(bob('GET', '/api/billing/bob/checkout'), 200);
  await expectStatus(bob('POST', '/api/billing/bob/checkout', {}), 200, 201);
  await expectStatus(bob('PUT', '/api/billing/bob/card', { token: 'tok_visa' }), 200);
  site.moveTo(H);
  const names = { 'cpn_a/': 'cpn_1', 'sub_6/': 'sub_2/' };
  const terms = { names, profiles: ['cowork', 'joe-bulk', 'bob'], call: bob, payer: 'bob' };
  await expectExample(site, 'V22', () => change(bob, 'basic', { to: 'pro' }, { payer: 'bob' }), terms);
  const { processor_key } = paid.json<{ processor_key: string }>();
  const url = `/api/billing/joe-bulk/charges/${processor_key}/refund`;
  const refuse = site.broker('POST', url, { lines: [{ num: 0, refunded_amount: 4501 }] });
  await expectStatus(refuse, 405);
  await expectStatus(site.broker('POST', url, { lines: [{ num: 0, refunded_amount: 4500 }] }), 201);
});

vector('V23 granted subscription', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
  const grant = { profile: { slug: 'xia', full_name: 'Xia Tester' } };
  const granted = await expectStatus(
    site.broker('POST', '/api/profile/cowork/plans/basic/subscriptions', grant),
    200,
    201,
  );
  const refused = await expectStatus(preview(site.xia, 'basic', { to: 'pro' }), 409);
  assert.equal(refused.json()['code'], 'subscription_not_agreed');
  const browser = await signInBrowser(site.app, 'xia');
  const page = `/profile/xia/subscriptions/accept/${granted.json<{ grant_key: string }>().grant_key}/`;
  await browser.get(page);
  assert.equal((await browser.post(page, {})).status, 303);
  site.moveTo(H);
  const work = async () => {
    const { shown } = await change(site.xia, 'basic', { to: 'pro' });
    assert.deepEqual([shown['total'], shown['credit_before'], shown['charge_amount']], [12_450, 0, 12_450]);
    assert.equal(shown['covers_to'], '2026-02-10T10:00:00.000Z');
  };
  // The ledger has no row of the granted subscription.
  await expectExample(site, 'V23', work, { names: { 'sub_2/': 'sub_1/' } });
});

/** Sells five seats of team in one order line. The cart sells one: its line gets the price and the number of five. */
async function beginWithFiveSeats(site: ChangeSite): Promise<void> {
  const { db } = site.app;
  const plan = await site.plan('team', { quantity_max: 100, ...prorated, period_amount: 5000 });
  await begin(site, 'team', BEGIN);
  await db.updateTable('plans').set({ period_amount: 1000 }).where('id', '=', plan.id).execute();
  for (const table of ['subscriptions', 'order_lines', 'coverages'] as const)
    await db.updateTable(table).set({ quantity: 5 }).execute();
  site.moveTo(H);
}

vector('V34 seats added, V35 seats removed, newest first', async (site) => {
  await beginWithFiveSeats(site);
  await expectExample(site, 'V34', async () => {
    const { shown, done } = await change(site.xia, 'team', { to: 'team', quantity: 8 });
    assert.deepEqual(shown['quantity'], { from: 5, to: 8 });
    assert.deepEqual([shown['charge_amount'], shown['next_charge_amount']], [1500, 8000]);
    assert.equal((done['subscription'] as { quantity: number }).quantity, 8); // as declared
  });
  assert.equal((await previewOf(site.xia, 'team', { to: 'team', quantity: 5 }))['credit_after'], 1500);
  await expectExample(
    site,
    'V35',
    async () => {
      await change(site.xia, 'team', { to: 'team', quantity: 6 });
      site.moveTo('2026-02-02T16:00:00Z');
      await change(site.xia, 'team', { to: 'team', quantity: 4 });
    },
    { lots: 'lot 1 left 1000 · lot 2 left 250 · lot 3 left 250' },
  );
  await site.runAt('2026-02-10T10:00:00Z', 'recognise_income');
  const rest = await site.app.db
    .selectFrom('coverages')
    .select(({ fn }) => [fn.sum('amount').as('amount'), fn.sum('recognised').as('recognised')])
    .executeTakeFirstOrThrow();
  assert.deepEqual([Number(rest.amount), Number(rest.recognised)], [5000, 5000], 'the seats kept earn the rest');
});

vector('V34 seats renew in one line', async (site) => {
  await beginWithFiveSeats(site);
  await change(site.xia, 'team', { to: 'team', quantity: 8 });
  await site.runAt(JOB, 'renew_subscriptions');
  const lines = await site.app.db
    .selectFrom('order_lines')
    .select(['amount', 'quantity', 'kind'])
    .where('renews_from', 'is not', null)
    .execute();
  assert.deepEqual(lines, [{ amount: 8000, quantity: 8, kind: 'period' }]);
});

vector('V42 change after a lost dispute', async (site) => {
  await site.plan('basic');
  await site.plan('lite', prorated);
  const bought = await begin(site, 'basic', '2026-01-20T10:00:00Z');
  const url = `/_dev/processor/charges/${bought.json<{ processor_key: string }>().processor_key}`;
  await expectExample(site, 'V42', async () => {
    await expectStatus(site.xia('POST', url, { state: 'disputed' }), 200);
    const refused = await expectStatus(preview(site.xia, 'basic', { to: 'lite' }), 409);
    assert.equal(refused.json()['code'], 'payment_disputed');
    await expectStatus(site.xia('POST', url, { state: 'lost' }), 200);
    site.moveTo(H);
    const { shown } = await change(site.xia, 'basic', { to: 'lite' });
    assert.deepEqual([shown['credit_after'], shown['charge_amount']], [0, 1000]);
  });
});

vector('V43 broker fee', async (site) => {
  const { profile } = await site.provider('club');
  const terms = { provider_id: profile.id, broker_fee_percent: 1000 };
  await site.plan('basic', terms);
  await site.plan('pro', terms);
  await begin(site, 'basic');
  const parties = { profiles: ['club', 'cowork', 'xia'] };
  await expectExample(site, 'V43', () => change(site.xia, 'basic', { to: 'pro' }), parties);
});

vector('V46 change inside the last day', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  await begin(site, 'basic');
  await site.runAt(JOB, 'renew_subscriptions');
  site.moveTo('2026-02-09T22:00:00Z');
  await expectExample(site, 'V46', async () => {
    const { shown } = await change(site.xia, 'basic', { to: 'pro' });
    assert.equal(shown['charge_amount'], 16_156);
  });
});

/** Requires that a change is refused as outdated for a reason, with a new preview, and that nothing was written. */
async function expectOutdated(
  site: ChangeSite,
  body: Record<string, unknown>,
  reason: 'changed' | 'expired',
  call = site.xia,
): Promise<void> {
  const written = await countWritten(site);
  const refused = await expectStatus(confirm(call, 'basic', body), 409);
  const { code, reason: given, preview: shown } = refused.json<Record<string, unknown>>();
  assert.deepEqual([code, given], ['preview_outdated', reason], refused.text);
  assert.notEqual((shown as { preview_key: string }).preview_key, body['preview_key']); // as declared
  assert.deepEqual(await countWritten(site), written);
}

async function countWritten({ app }: ChangeSite) {
  const tables = ['ledger_entries', 'orders', 'subscriptions', 'coverages', 'credits', 'subscription_changes'] as const;
  const counts = tables.map(async (table) => {
    const row = await app.db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    return [table, Number(row.count)] as const;
  });
  return Promise.all(counts);
}

vector('V24 a preview is confirmed within ten minutes, at the instant of the preview', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  await begin(site, 'basic');
  const { preview_key } = await previewOf(site.xia, 'basic', { to: 'pro' });
  site.moveTo('2026-01-25T22:05:00Z');
  await expectExample(site, 'V2', () => expectStatus(confirm(site.xia, 'basic', { to: 'pro', preview_key }), 200));
});

vector('V24 a preview that is older than ten minutes is outdated', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  await begin(site, 'basic');
  const { preview_key } = await previewOf(site.xia, 'basic', { to: 'pro' });
  site.moveTo('2026-01-25T22:10:01Z');
  await expectOutdated(site, { to: 'pro', preview_key }, 'expired');
});

vector('V24 a preview that shows something else is outdated', async (site) => {
  const use_charges = [{ slug: 'requests', quota: 2, use_amount: 15 }];
  const advance_discounts = [{ discount_type: 'percentage', discount_value: 1000, length: 12 } as const];
  const terms = { use_charges, advance_discounts, quantity_max: 9, ...prorated };
  await site.plan('basic', terms);
  await site.plan('pro', terms);
  await site.plan('plus', terms);
  const bought = await begin(site, 'basic');
  const { processor_key } = bought.json<{ processor_key: string }>();
  let key = (await previewOf(site.xia, 'basic', { to: 'pro' }))['preview_key'];
  const again = async () => {
    key = (await previewOf(site.xia, 'basic', { to: 'pro' }))['preview_key'];
  };

  // Another wish, another caller, another key.
  for (const wish of [{ option: 2 }, { quantity: 2 }, { at: 'period_end' }, { to: 'plus' }])
    await expectOutdated(site, { to: 'pro', preview_key: key, ...wish }, 'changed');
  await expectOutdated(site, { to: 'pro', preview_key: key, mode: 'full' }, 'changed', site.broker);
  await expectOutdated(site, { to: 'pro', preview_key: key }, 'changed', site.broker);
  const altered = `${String(key).slice(0, -1)}${String(key).endsWith('0') ? '1' : '0'}`;
  await expectOutdated(site, { to: 'pro', preview_key: altered }, 'changed');

  // Each of these changes what the preview would show.
  const give = { amount: 300, unit: 'usd', descr: 'Thank you' };
  const refund = { lines: [{ num: 0, refunded_amount: 1000 }] };
  const use = { plan: 'basic', use: 'requests', quantity: 1 };
  const offline = '/api/billing/xia/balance?amount=10&paid=true';
  const between: [string, () => Promise<unknown>][] = [
    ['price', () => expectStatus(site.broker('PUT', '/api/profile/cowork/plans/pro', { period_amount: 25_900 }), 200)],
    ['credit', () => expectStatus(site.broker('POST', '/api/billing/xia/credits', give), 201)],
    [
      'refund',
      () => expectStatus(site.broker('POST', `/api/billing/xia/charges/${processor_key}/refund`, refund), 201),
    ],
    [
      'use',
      async () => {
        for (let count = 0; count < 3; count += 1)
          await expectStatus(site.broker('POST', '/api/billing/xia/balance', use), 200, 201);
      },
    ],
    ['offline payment', () => expectStatus(site.broker('DELETE', offline), 204)],
    ['pending change', () => change(site.xia, 'basic', { to: 'plus', at: 'period_end' })],
  ];
  for (const [, act] of between) {
    await again();
    await act();
    await expectOutdated(site, { to: 'pro', preview_key: key }, 'changed');
  }
});

vector('V24 a free use between preview and change changes nothing that was shown', async (site) => {
  const use_charges = [{ slug: 'requests', quota: 100, use_amount: 15 }];
  await site.plan('basic', { use_charges });
  await site.plan('pro', { use_charges });
  await begin(site, 'basic', BEGIN);
  const { preview_key } = await previewOf(site.xia, 'basic', { to: 'pro' });
  const use = { plan: 'basic', use: 'requests', quantity: 1 };
  await expectStatus(site.broker('POST', '/api/billing/xia/balance', use), 200, 201);
  await expectStatus(confirm(site.xia, 'basic', { to: 'pro', preview_key }), 200);
});
