import assert from 'node:assert/strict';
import { BEGIN, eventsPostedBy, expectStatus, H } from '../../support/changes.ts';
import { begin, change, expectExample, vector } from './change-vector.ts';

// Changes of plan with immediate effect: examples V2 to V19 of spec changes.md §12, over HTTP.

const JOB = '2026-02-09T10:00:00Z';
const END = '2026-02-10T10:00:00Z';
const prorated = { downgrade_mode: 'prorate', crossgrade_mode: 'prorate' } as const;

vector('V2 upgrade now, kept period', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  await begin(site, 'basic');
  await expectExample(site, 'V2', async () => {
    const { shown, done } = await change(site.xia, 'basic', { to: 'pro' });
    const { preview_key: _, ...rest } = shown;
    assert.deepEqual(rest, {
      expires_at: '2026-01-25T22:10:00.000Z',
      effective_at: '2026-01-25T22:00:00.000Z',
      subscription: { slug: 'basic', title: 'basic' },
      to: { slug: 'pro', title: 'pro' },
      quantity: { from: 1, to: 1 },
      direction: 'upgrade',
      mode: 'prorate',
      at: 'now',
      period: 'kept',
      covers_from: '2026-01-25T22:00:00.000Z',
      covers_to: '2026-02-10T10:00:00.000Z',
      next_charge_at: '2026-02-09T10:00:00.000Z',
      next_charge_amount: 24_900,
      unit: 'usd',
      lines: [
        {
          kind: 'credit_note',
          description: 'Unused time of basic until 2026/02/10',
          amount: -4500,
          unit: 'usd',
          covers_from: '2026-01-25T22:00:00.000Z',
          covers_to: '2026-02-10T10:00:00.000Z',
          order_number: '2026-000001',
        },
        {
          kind: 'period',
          description: 'Subscription to pro until 2026/02/10 (rest of 1 month)',
          amount: 12_450,
          unit: 'usd',
          covers_from: '2026-01-25T22:00:00.000Z',
          covers_to: '2026-02-10T10:00:00.000Z',
          order_number: null,
        },
      ],
      total: 7950,
      credit_before: 0,
      credit_used: 4500,
      credit_after: 0,
      charge_amount: 7950,
      due_after: 0,
      quotas: [],
      lost_discount: 0,
      lost_uses: [],
      withdraws_cancellation: false,
      replaces_pending: false,
      card: { last4: '1234', exp_date: '2027-01-01' },
    });
    assert.deepEqual(done['lines'], shown['lines']);
    assert.deepEqual(done['subscription'], {
      plan: { slug: 'pro', title: 'pro' },
      created_at: '2026-01-25T22:00:00.000Z',
      ends_at: '2026-02-10T10:00:00.000Z',
      auto_renew: true,
      quantity: 1,
    });
  });
});

vector('V3 upgrade at an instant that does not divide', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  await begin(site, 'basic', '2026-01-20T00:00:00Z');
  await expectExample(site, 'V3', () => change(site.xia, 'basic', { to: 'pro' }));
});

vector('V4 downgrade now, then renewal', async (site) => {
  await site.plan('basic', prorated);
  await site.plan('pro');
  await begin(site, 'pro');
  await expectExample(site, 'V4', async () => {
    await change(site.xia, 'pro', { to: 'basic' });
    await site.runAt(JOB, 'renew_subscriptions');
    await site.runAt(END, 'recognise_income');
  });
});

vector('V5 renewal paid by credit alone', async (site) => {
  await site.plan('lite', prorated);
  await site.plan('pro');
  await begin(site, 'pro');
  await expectExample(site, 'V5', async () => {
    await change(site.xia, 'pro', { to: 'lite' });
    await site.runAt(JOB, 'renew_subscriptions');
    await site.runAt(END, 'recognise_income');
  });
});

vector('V8 cross-grade at an equal price', async (site) => {
  await site.plan('basic');
  await site.plan('mate');
  await begin(site, 'basic');
  await expectExample(site, 'V8', async () => {
    const { shown } = await change(site.xia, 'basic', { to: 'mate' });
    assert.deepEqual([shown['direction'], shown['total'], shown['charge_amount']], ['crossgrade', 0, 0]);
  });
});

vector('V9 a change and its reverse at one instant', async (site) => {
  await site.plan('basic', prorated);
  await site.plan('pro');
  await begin(site, 'basic');
  await expectExample(site, 'V9', async () => {
    await change(site.xia, 'basic', { to: 'pro' });
    await change(site.xia, 'pro', { to: 'basic' });
  });
});

vector('V10 mode none', async (site) => {
  await site.plan('basic');
  await site.plan('pro', { upgrade_mode: 'none' });
  await begin(site, 'basic');
  const order = '`sub_2/` cowork:Receivable→xia:Payable 0';
  await expectExample(
    site,
    'V10',
    async () => {
      await change(site.xia, 'basic', { to: 'pro' });
      await site.runAt(JOB, 'renew_subscriptions');
      await site.runAt(END, 'recognise_income');
    },
    { before: [order], order: [0, 3, 1, 2] },
  );
});

vector('V11 mode full', async (site) => {
  await site.plan('basic');
  await site.plan('pro', { upgrade_mode: 'full' });
  await begin(site, 'basic');
  await expectExample(site, 'V11', async () => {
    const { done } = await change(site.xia, 'basic', { to: 'pro' });
    assert.equal((done['subscription'] as { ends_at: string }).ends_at, '2026-02-25T22:00:00.000Z'); // as declared
    await site.runAt(END, 'recognise_income');
  });
});

vector('V12 monthly to yearly', async (site) => {
  await site.plan('basic', { tier: 1 });
  await site.plan('annual', { tier: 1 });
  await begin(site, 'basic');
  await expectExample(site, 'V12', async () => {
    const { shown } = await change(site.xia, 'basic', { to: 'annual' });
    assert.deepEqual(
      [shown['direction'], shown['period'], shown['covers_to']],
      ['crossgrade', 'restarted', '2027-01-25T22:00:00.000Z'],
    );
  });
});

vector('V13 yearly to monthly', async (site) => {
  await site.plan('annual');
  await site.plan('basic', prorated);
  await begin(site, 'annual', '2026-07-10T10:00:00Z');
  await site.runAt('2026-07-10T10:00:00Z', 'recognise_income');
  await expectExample(site, 'V13', () => change(site.xia, 'annual', { to: 'basic' }));
});

vector('V14 advance-paid year', async (site) => {
  const advance_discounts = [{ discount_type: 'percentage', discount_value: 1000, length: 12 } as const];
  await site.plan('basic', { advance_discounts });
  await site.plan('pro');
  await begin(site, 'basic', BEGIN, { option: 2 });
  await site.runAt('2026-04-10T10:00:00Z', 'recognise_income');
  site.moveTo('2026-04-25T10:00:00Z');
  await expectExample(site, 'V14', () => change(site.xia, 'basic', { to: 'pro' }));
});

vector('V15 setup fee', async (site) => {
  await site.plan('basic', { setup_amount: 2000, ...prorated });
  await site.plan('pro', { setup_amount: 5000 });
  await begin(site, 'basic');
  await site.runAt(H, 'recognise_income');
  // The fee of basic that was paid earlier is inside: 2000, of which 58 went to the processor.
  const balances = 'cowork Backlog -12450 Expenses 697 Funds 21253 Income -9500';
  const work = async () => {
    await change(site.xia, 'basic', { to: 'pro' });
    await site.runAt(H, 'recognise_income');
  };
  await expectExample(site, 'V15', work, { balances });
  const { shown } = await change(site.xia, 'pro', { to: 'basic' });
  assert.deepEqual(
    (shown['lines'] as { kind: string }[]).map(({ kind }) => kind), // as declared
    ['credit_note', 'period'],
  );
});

vector('V16 coupon goes over', async (site) => {
  await site.plan('basic', prorated);
  await site.plan('pro');
  const coupon = await site.coupon({ nb_attempts: 1 });
  await begin(site, 'basic', H, { coupon: coupon.code });
  await expectExample(site, 'V16', () => change(site.xia, 'basic', { to: 'pro' }));
  const { shown } = await change(site.xia, 'pro', { to: 'basic' });
  assert.deepEqual([shown['total'], shown['credit_after']], [-3975, 3975]);
  const left = await site.app.db.selectFrom('coupons').select('nb_attempts').executeTakeFirstOrThrow();
  assert.equal(left.nb_attempts, 0, 'no attempt is taken');
});

vector('V17 coupon of the old plan only', async (site) => {
  const basic = await site.plan('basic');
  await site.plan('pro');
  const coupon = await site.coupon({ plan_id: basic.id });
  await begin(site, 'basic', H, { coupon: coupon.code });
  await expectExample(site, 'V17', async () => {
    const { shown } = await change(site.xia, 'basic', { to: 'pro' });
    assert.equal(shown['lost_discount'], 6225);
  });
});

vector('V18 quota and overage in the middle', async (site) => {
  await site.plan('basic', { ...prorated, use_charges: [{ slug: 'requests', quota: 100, use_amount: 15 }] });
  await site.plan('pro', { use_charges: [{ slug: 'requests', quota: 1000, use_amount: 10 }] });
  await begin(site, 'basic', '2026-01-20T10:00:00Z');
  const used = await site.broker('POST', '/api/billing/xia/balance', { plan: 'basic', use: 'requests', quantity: 110 });
  assert.equal(used.status, 201, used.text);
  site.moveTo(H);
  await expectExample(site, 'V18', async () => {
    const { shown } = await change(site.xia, 'basic', { to: 'pro' });
    assert.deepEqual(shown['quotas'], [{ use: 'requests', before: 0, after: 450 }]);
    assert.equal(shown['charge_amount'], 8100);
  });
  const { shown } = await change(site.xia, 'pro', { to: 'basic' });
  assert.deepEqual(shown['quotas'], [{ use: 'requests', before: 450, after: 0 }]);
});

vector('V19 upgrade with an unpaid order', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  const bought = await begin(site, 'basic', BEGIN, { token: 'tok_chargeAsyncFail' });
  const key = bought.json<{ processor_key: string }>().processor_key;
  await site.xia('POST', `/_dev/processor/charges/${key}`, { state: 'failed' });
  await site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' });
  site.moveTo(H);
  await expectExample(site, 'V19', () => change(site.xia, 'basic', { to: 'pro' }));
});

vector('V25 less than the minimum charge', async (site) => {
  await site.plan('basic');
  await site.plan('plus');
  await begin(site, 'basic');
  await expectExample(site, 'V25', async () => {
    const { shown } = await change(site.xia, 'basic', { to: 'plus' });
    assert.deepEqual([shown['charge_amount'], shown['due_after']], [0, 30]);
    await site.runAt(JOB, 'renew_subscriptions');
    await site.runAt(END, 'recognise_income');
  });
});

vector('V6 downgrade at period end, and V7 taken back', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  await begin(site, 'pro', '2026-01-15T10:00:00Z');
  const url = '/api/profile/xia/subscriptions/pro/change';
  await change(site.xia, 'pro', { to: 'basic' });
  assert.equal((await site.xia('DELETE', url)).status, 204);
  assert.equal((await site.xia('DELETE', url)).json()['code'], 'change_unknown');
  site.moveTo('2026-01-16T10:00:00Z');
  await change(site.xia, 'pro', { to: 'basic' });
  assert.equal((await site.xia('GET', `${url}/pending`)).json()['amount'], 9000);
  await expectExample(site, 'V6', async () => {
    await site.runAt(JOB, 'complete_changes', 'renew_subscriptions');
    assert.equal((await site.xia('DELETE', url)).json()['code'], 'change_begun');
    await site.runAt(END, 'complete_changes', 'recognise_income');
  });
});

for (const [title, renewal_type, end] of [
  ['ended', 'auto-renew', 'DELETE'],
  ['ended', 'one-time', 'DELETE'],
  ['set not to renew', 'auto-renew', 'PATCH'],
] as const) {
  vector(
    `a planned change to a plan of type ${renewal_type} is dropped when the subscription is ${title}`,
    async (site) => {
      await site.plan('basic', { renewal_type });
      await site.plan('pro');
      await begin(site, 'pro', '2026-01-15T10:00:00Z');
      await change(site.xia, 'pro', { to: 'basic' });
      const body = end === 'PATCH' ? { auto_renew: false } : undefined;
      await expectStatus(site.xia(end, '/api/profile/xia/subscriptions/pro', body), 200, 204);
      const posted = await eventsPostedBy(site, async () => {
        await site.runAt(JOB, 'complete_changes', 'renew_subscriptions');
        await site.runAt(END, 'complete_changes', 'renew_subscriptions');
      });
      assert.deepEqual(posted, []);
      assert.deepEqual(await site.app.db.selectFrom('pending_changes').selectAll().execute(), []);
    },
  );
}
