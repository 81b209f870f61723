import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { refundCharge } from '../refunds/refund-charge.ts';
import { type Finding, isDifference } from './finding.ts';
import { reconcilePayments } from './reconcile-payments.ts';

const broker = { profile_id: null, user_id: null, relation: 'broker', is_manager: true } as const;

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
after(() => site.close());

async function reconcile(account: string, fix = false) {
  const findings: Finding[] = [];
  const at_ms = site.app.clock.now().getTime();
  const { sums } = await reconcilePayments(site.ctx, {
    from: new Date(at_ms - 3_600_000),
    to: new Date(at_ms + 3_600_000),
    processor: site.ctx.processors.chosen,
    account,
    fix,
    onFinding: (finding) => void findings.push(finding),
  });
  const sum = sums.get('usd');
  return {
    found: findings
      .filter((each) => isDifference({ ...each, is_fixed: false }))
      .map(({ kind, object, charge, at_processor, is_fixed }) => [kind, object, charge, at_processor, is_fixed]),
    apart: (sum?.at_processor ?? 0) - (sum?.in_books ?? 0),
    movements: sum?.movements_count ?? 0,
  };
}

/** A sale of 179.99 on the account of a provider, of which the broker has 17.99, on a day of its own. */
async function makeSale() {
  site.advance(86_400_000);
  const { provider, account } = await site.makeProvider();
  const charge = await site.makeSale(provider);
  assert.equal(charge.account, account);
  return { charge, account };
}
const feeOf = async (charge: string) =>
  (await site.client.applicationFees.list({ charge })).data[0]?.id ?? assert.fail('no fee');
const same = { found: [], apart: 0 };

test('S51, S75: the share that goes back with a refund is matched on both accounts', async () => {
  const { charge, account } = await makeSale();
  await refundCharge(site.ctx, broker, charge, [{ num: 0, refunded_amount: 4000 }]);
  await refundCharge(site.ctx, broker, charge, [{ num: 0 }]);
  assert.deepEqual(await reconcile(account), { ...same, movements: 5 });
  assert.deepEqual(await reconcile(''), { ...same, movements: 3 });
  await site.assertSound();
});

test('S55, S75: the share of a refund that failed later stays with the provider, and is matched', async () => {
  const { charge, account } = await makeSale();
  await refundCharge(site.ctx, broker, charge, [{ num: 0, refunded_amount: 4000 }]);
  const options = { stripeAccount: account };
  const [refund] = (await site.client.refunds.list({ charge: charge.processor_key }, options)).data;
  await site.act(`refunds/${refund?.id}`, { to: 'failed' });
  await site.learn();
  assert.deepEqual(await reconcile(account), { ...same, movements: 4 });
  assert.deepEqual(await reconcile(''), { ...same, movements: 2 });
});

test('S75: a share that was returned at Stripe is missing on both accounts until it is booked, by its message or with fix', async () => {
  for (const by of ['message', 'fix on the account', 'fix on the platform'] as const) {
    const { charge, account } = await makeSale();
    const { id } = await site.client.applicationFees.createRefund(await feeOf(charge.processor_key), { amount: 500 });
    const { processor_key: key } = charge;
    assert.deepEqual((await reconcile(account)).found, [['missing', id, key, 500, false]]);
    assert.deepEqual((await reconcile('')).found, [['missing', id, key, -500, false]]);
    if (by === 'message') {
      await runJob(site.app.tollgate, 'sweep_processor_events');
      await runJob(site.app.tollgate, 'handle_processor_events');
    } else {
      const place = by === 'fix on the platform' ? '' : account;
      assert.deepEqual((await reconcile(place, true)).found, [['missing', id, key, place === '' ? -500 : 500, true]]);
    }
    assert.deepEqual(await reconcile(account), { ...same, movements: 2 }, by);
    assert.deepEqual(await reconcile(''), { ...same, movements: 2 }, by);
  }
  await site.assertSound();
});

test('S33, S75: a share that goes back at the rate of another day is matched on both accounts', async () => {
  const setRate = (rate: number) => site.act('settings', { exchange_rates: { eur: { to: 'usd', rate } } });
  await setRate(1.1);
  site.advance(86_400_000);
  const { provider, account } = await site.makeProvider();
  const facts = {
    payer: await makeParty(site.app.db),
    provider,
    amounts: [10_000],
    unit: 'eur',
    token: 'pm_card_visa',
  };
  const { charge } = await makeCharge(site.ctx, { ...facts, broker_fee_percent: 1000 });
  assert.deepEqual([charge.account, charge.unit], [account, 'eur']);
  await setRate(1.2);
  await refundCharge(site.ctx, broker, charge, [{ num: 0, refunded_amount: 4000 }]);
  assert.deepEqual(await reconcile(account), { ...same, movements: 3 });
  assert.deepEqual(await reconcile(''), { ...same, movements: 2 });
});
