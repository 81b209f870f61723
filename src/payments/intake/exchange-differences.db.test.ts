import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, findBalance } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import type { PaymentContext, Processor } from '../processors/index.ts';
import { type Finding, isDifference } from '../reconciliation/finding.ts';
import { reconcilePayments } from '../reconciliation/reconcile-payments.ts';
import { adoptRefunds } from '../refunds/adopt-refunds.ts';
import { refundCharge } from '../refunds/refund-charge.ts';

const broker: Subject = { profile_id: null, user_id: null, relation: 'broker', is_manager: true };

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
after(() => site.close());

/** Sets how many usd Stripe gives and takes for one cad. */
const setRate = (rate: number) => site.act('settings', { exchange_rates: { cad: { to: 'usd', rate } } });

type Place = 'platform' | 'direct';
const places: readonly Place[] = ['platform', 'direct'];

/** Pays at Stripe without Tollgate: the balance suffices for refunds at a higher rate. */
async function payThere(account: string): Promise<void> {
  await site.client.paymentIntents.create(
    {
      amount: 50_000,
      currency: 'usd',
      payment_method: 'pm_card_visa',
      confirm: true,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    },
    optionsOf(account),
  );
}
const optionsOf = (account: string) => (account === '' ? {} : { stripeAccount: account });

/** The refunds of the charge at Stripe, newest first. */
const refundsOf = async ({ charge, account }: Sale) =>
  (await site.client.refunds.list({ charge: charge.processor_key }, optionsOf(account))).data;

/** A day of its own, so that the comparison of a day has nothing of other tests. A sale of 100.00 cad at 0.70. */
async function makeSale(
  place: Place,
  { amounts = [10_000], token = 'pm_card_visa', broker_fee_percent = 1000 } = {},
): Promise<Sale> {
  const payer = await makeParty(site.app.db);
  const made = place === 'direct' ? await site.makeProvider() : { provider: await makeParty(site.app.db), account: '' };
  const { provider, account } = made;
  await payThere(account);
  site.advance(86_400_000);
  await setRate(0.7);
  const before_sale = await standing({ provider, account });
  const facts = { payer, provider, amounts, unit: 'cad', token, broker_fee_percent };
  const { charge } = await makeCharge(site.ctx, facts);
  assert.equal(charge.account, account);
  return { charge, provider, account, before_sale };
}
interface Sale {
  charge: Awaited<ReturnType<typeof makeCharge>>['charge'];
  provider: ProfileId;
  account: string;
  /** Of the shared account of the broker. */
  before_sale: Standing;
}

/** Funds in the books beside the balances at Stripe. Units: 1/100 of usd. */
interface Standing {
  funds: number;
  broker: number;
  at_account: number;
  at_platform: number;
}
async function usdOf(profile: ProfileId): Promise<number> {
  const balances = await findBalance(site.app.db, profile, accounts.funds);
  assert(balances.every(({ unit, amount }) => unit === 'usd' || amount === 0));
  return balances.find(({ unit }) => unit === 'usd')?.amount ?? 0;
}
async function standing({ provider, account }: Pick<Sale, 'provider' | 'account'>): Promise<Standing> {
  return {
    funds: await usdOf(provider),
    broker: await usdOf(site.ctx.site.broker_id),
    at_account: await site.balanceOf(account),
    at_platform: await site.balanceOf(''),
  };
}

/** Requires that the sale changed Funds as the balances at Stripe, and returns Funds of the provider. */
async function assertEqual(sale: Sale): Promise<number> {
  const [now, then] = [await standing(sale), sale.before_sale];
  const [funds, share] = [now.funds - then.funds, now.broker - then.broker];
  if (sale.account === '') assert.equal(funds + share, now.at_platform - then.at_platform);
  else {
    assert.equal(funds, now.at_account - then.at_account);
    assert.equal(share, now.at_platform - then.at_platform);
  }
  await site.assertSound();
  return funds;
}

const rowsOf = async ({ charge }: Sale) =>
  site.app.db
    .selectFrom('ledger_entries as entry')
    .innerJoin('ledger_events as event', 'event.id', 'entry.ledger_event_id')
    .select(['event.key', 'entry.description', 'entry.orig_account', 'entry.dest_account', 'entry.dest_amount'])
    .where('event.receipt_key', '=', charge.processor_key)
    .where('event.kind', '=', 'exchange')
    .orderBy('entry.id')
    .execute();

async function reconcile({ account }: Sale, fix = false) {
  const findings: Finding[] = [];
  const at_ms = site.app.clock.now().getTime();
  const span = { from: new Date(at_ms - 3_600_000), to: new Date(at_ms + 3_600_000) };
  const { sums } = await reconcilePayments(site.ctx, {
    ...span,
    processor: site.ctx.processors.chosen,
    account,
    fix,
    onFinding: (finding) => void findings.push(finding),
  });
  const kinds = findings.filter((finding) => isDifference({ ...finding, is_fixed: false }));
  return { kinds: kinds.map(({ kind, is_fixed }) => [kind, is_fixed]), sum: sums.get('usd') };
}

/** A site whose Stripe shows the balance transactions of refunds later. */
function withLateMovements(field: 'taken' | 'returned'): PaymentContext {
  const late = (processor: Processor): Processor => ({
    ...processor,
    findRefunds: async (charge) => (await processor.findRefunds(charge)).map((each) => ({ ...each, [field]: null })),
  });
  const { processors } = site.ctx;
  return {
    ...site.ctx,
    processors: {
      ...processors,
      chosen: late(processors.chosen),
      getByName: (name) => late(processors.getByName(name)),
    },
  };
}

for (const place of places) {
  test(`S33: a charge in cad, a refund of a part and of the rest at two other rates, ${place}: funds are the balance`, async () => {
    const sale = await makeSale(place);
    await assertEqual(sale);
    await setRate(0.68);
    await refundCharge(site.ctx, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]);
    await assertEqual(sale);
    await setRate(0.73);
    await refundCharge(site.ctx, broker, sale.charge, [{ num: 0 }]);
    const funds = await assertEqual(sale);
    assert.deepEqual(
      (await refundsOf(sale)).map(({ amount, status }) => [amount, status]),
      [
        [6000, 'succeeded'],
        [4000, 'succeeded'],
      ],
    );
    const rows = await rowsOf(sale);
    const refunds = rows.filter(({ key }) => key.startsWith('refund:'));
    assert.deepEqual(
      refunds.map(({ orig_account, dest_account, dest_amount }) => [orig_account, dest_account, dest_amount]),
      [
        ['Refund', 'Funds', 80],
        ['Funds', 'Refund', 180],
      ],
    );
    assert(rows.every(({ description }) => /^Exchange difference for (re|fr)_/.test(description)));
    await site.learn();
    await adoptRefunds(site.ctx, sale.charge);
    assert.deepEqual(await rowsOf(sale), rows);
    assert.equal(await assertEqual(sale), funds);
  });

  test(`S33: a refund made at Stripe at another rate, ${place}: its difference is one row, once`, async () => {
    const sale = await makeSale(place, { broker_fee_percent: 0 });
    await setRate(0.65);
    const { charge, account } = sale;
    const params = { charge: charge.processor_key, amount: 5000 };
    const { id } = await site.client.refunds.create(params, optionsOf(account));
    await site.learn();
    await site.learn();
    // 35.00 usd is booked at 0.70, Stripe took 32.50.
    const rows = await rowsOf(sale);
    assert.deepEqual(
      rows.map(({ key: _, ...row }) => row),
      [
        {
          description: `Exchange difference for ${id}`,
          orig_account: 'Refund',
          dest_account: 'Funds',
          dest_amount: 250,
        },
      ],
    );
    await assertEqual(sale);
    assert.deepEqual((await reconcile(sale)).kinds, []);
  });

  test(`S33: a refund that fails later is reversed at the rate of its own instant, ${place}`, async () => {
    const sale = await makeSale(place);
    await setRate(0.68);
    await refundCharge(site.ctx, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]);
    const [refund] = await refundsOf(sale);
    await setRate(0.75);
    await site.act(`refunds/${refund?.id}`, { to: 'failed' });
    await site.learn();
    await site.learn();
    await assertEqual(sale);
    const keys = (await rowsOf(sale)).map(({ key }) => key).filter((key) => key.startsWith('refund:'));
    assert.equal(keys.length, 2);
    assert(keys[1]?.endsWith(':failed:exchange'));
  });

  test(`S33: a refund that fails before it is booked leaves the difference of its two rates, ${place}`, async () => {
    const sale = await makeSale(place, { token: 'pm_card_pendingRefund', broker_fee_percent: 0 });
    await setRate(0.68);
    await refundCharge(site.ctx, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]);
    const [refund] = await refundsOf(sale);
    assert.equal(refund?.status, 'pending');
    await setRate(0.75);
    await site.act(`refunds/${refund.id}`, { to: 'failed' });
    await site.learn();
    await site.learn();
    assert.deepEqual(
      (await rowsOf(sale)).map(({ dest_amount }) => dest_amount),
      [280],
    );
    await assertEqual(sale);
    const { kinds, sum } = await reconcile(sale);
    assert.deepEqual([kinds, sum?.at_processor], [[], sum?.in_books]);
  });

  test(`S33: a dispute that is withdrawn and won at other rates, ${place}: funds are the balance`, async () => {
    const sale = await makeSale(place);
    await setRate(0.66);
    await site.act(`charges/${sale.charge.processor_key}/dispute`, {});
    await site.learn();
    await assertEqual(sale);
    const { charge, account } = sale;
    const [dispute] = (await site.client.disputes.list({ charge: charge.processor_key }, optionsOf(account))).data;
    await setRate(0.74);
    await site.act(`disputes/${dispute?.id}`, { to: 'won' });
    await site.learn();
    await site.learn();
    await assertEqual(sale);
    assert.deepEqual(
      (await rowsOf(sale)).map(({ orig_account, dest_account, dest_amount }) => [
        orig_account,
        dest_account,
        dest_amount,
      ]),
      [
        ['Chargeback', 'Funds', 400],
        ['Chargeback', 'Funds', 400],
      ],
    );
    assert.deepEqual((await reconcile(sale)).kinds, []);
  });

  test(`S33: a movement that Stripe books later is waited for, ${place}: the difference is booked once`, async () => {
    const sale = await makeSale(place, { broker_fee_percent: 0 });
    await setRate(0.68);
    const late = withLateMovements('taken');
    await refundCharge(late, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]);
    await assert.rejects(adoptRefunds(late, sale.charge), /has not converted a refund yet/);
    assert.deepEqual(await rowsOf(sale), []);
    assert.deepEqual((await reconcile(sale)).kinds, [['amount', false]]);
    assert.deepEqual((await reconcile(sale, true)).kinds, [['amount', true]]);
    await site.learn();
    assert.deepEqual(
      (await rowsOf(sale)).map(({ dest_amount }) => dest_amount),
      [80],
    );
    await assertEqual(sale);
    assert.deepEqual((await reconcile(sale)).kinds, []);

    const [refund] = await refundsOf(sale);
    await setRate(0.6);
    await site.act(`refunds/${refund?.id}`, { to: 'failed' });
    await assert.rejects(adoptRefunds(withLateMovements('returned'), sale.charge), /has not converted a refund yet/);
    await site.learn();
    await assertEqual(sale);
  });
}

test('S33: the difference of a refund of two lines is one row for their provider, and none in one currency', async () => {
  const sale = await makeSale('platform', { amounts: [6000, 4000] });
  await setRate(0.69);
  await refundCharge(site.ctx, broker, sale.charge, [{ num: 0 }, { num: 1, refunded_amount: 1500 }]);
  assert.deepEqual(
    (await rowsOf(sale)).map(({ dest_amount }) => dest_amount),
    [75],
  );
  await assertEqual(sale);
  const charge = await site.makeSale(sale.provider);
  await refundCharge(site.ctx, broker, charge, [{ num: 0 }]);
  await site.learn();
  assert.deepEqual(await rowsOf({ ...sale, charge }), []);
});

test('S33: a refund whose response is lost is booked with its difference by the job', async () => {
  const sale = await makeSale('platform');
  await setRate(0.72);
  site.emulator.control.addFault({ name: 'cut_after', match: { method: 'POST', path: '/v1/refunds' }, times: 9 });
  await assert.rejects(refundCharge(site.ctx, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]));
  site.emulator.control.clearFaults();
  site.advance(10 * 60_000);
  await runJob(site.app.tollgate, 'finish_pending_refunds');
  assert.deepEqual(
    (await rowsOf(sale)).map(({ dest_amount }) => dest_amount),
    [80],
  );
  await assertEqual(sale);
  await site.learn();
  assert.equal((await rowsOf(sale)).length, 1);
});

test('S33: a share of the broker that was returned at Stripe goes to the provider as its account received it', async () => {
  const sale = await makeSale('direct');
  await setRate(0.66);
  const [fee] = (await site.client.applicationFees.list({ charge: sale.charge.processor_key })).data;
  assert(fee);
  await site.client.applicationFees.createRefund(fee.id, { amount: 400 });
  await site.learn();
  await site.learn();
  await assertEqual(sale);
});
