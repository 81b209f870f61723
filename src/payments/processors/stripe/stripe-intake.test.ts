import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { makeCallTimes } from '../call-times.ts';
import { makeCallRecord } from './keys/call-record.ts';
import { makeStripeClient } from './stripe-client.ts';
import { event_types, makeStripeIntake } from './stripe-intake.ts';

const client = makeStripeClient(
  { secret_key: 'sk_test_x', publishable_key: 'pk_test_x', api_url: 'http://127.0.0.1:1', js_url: null },
  '1.0.0',
  { pacer: null, record: makeCallRecord(pino({ level: 'silent' }), makeCallTimes()) },
);
const intake = makeStripeIntake({ client, refresh: async () => {} }, false);
const now = new Date('2026-03-10T15:00:00Z');
const [secret, older] = ['whsec_new', 'whsec_old'];

const event = (type: string, object: object, more: object = {}) => ({
  id: 'evt_1',
  object: 'event',
  type,
  livemode: false,
  data: { object },
  ...more,
});
const charge = event('charge.updated', { id: 'ch_1', object: 'charge' });

function sign(body: unknown, { by = secret, at = now, text = JSON.stringify(body) } = {}) {
  const timestamp = Math.floor(at.getTime() / 1000);
  const header = client.webhooks.generateTestHeaderString({ payload: text, secret: by, timestamp });
  return { raw: Buffer.from(text), header };
}
const verify = ({ raw, header }: { raw: Buffer; header: string | string[] | undefined }, secrets = [secret]) =>
  intake.verify(raw, header === undefined ? {} : { 'stripe-signature': header }, secrets, now);
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);

type Case = [event: object, type: string, object: string, account: string];

test('an event names the charge or the payout that changed, and its account', () => {
  const cases: Case[] = [
    [charge, 'charge', 'ch_1', ''],
    [event('charge.refunded', { id: 'ch_1', object: 'charge' }), 'refund', 'ch_1', ''],
    [event('refund.updated', { id: 're_1', object: 'refund', charge: 'ch_1' }), 'refund', 'ch_1', ''],
    [event('charge.dispute.closed', { id: 'du_1', object: 'dispute', charge: { id: 'ch_1' } }), 'dispute', 'ch_1', ''],
    [
      event('payment_intent.succeeded', { id: 'pi_1', object: 'payment_intent', latest_charge: 'ch_1' }),
      'charge',
      'ch_1',
      '',
    ],
    // Without a charge only an attempt that waits for its payer is concerned.
    ...['canceled', 'payment_failed', 'processing'].map((end): Case => [
      event(`payment_intent.${end}`, { id: 'pi_1', object: 'payment_intent', latest_charge: null }),
      'payment',
      'pi_1',
      '',
    ]),
    [event('payment_intent.requires_action', { id: 'pi_1', object: 'payment_intent' }), 'action', 'pi_1', ''],
    ...['completed', 'expired', 'async_payment_succeeded', 'async_payment_failed'].map((end): Case => [
      event(`checkout.session.${end}`, { id: 'cs_test_1', object: 'checkout.session' }),
      'payment',
      'cs_test_1',
      '',
    ]),
    [event('setup_intent.succeeded', { id: 'seti_1', object: 'setup_intent' }), 'setup', 'seti_1', ''],
    [event('setup_intent.setup_failed', { id: 'seti_1', object: 'setup_intent' }), 'setup', 'seti_1', ''],
    [event('application_fee.created', { id: 'fee_1', object: 'application_fee', charge: 'ch_1' }), 'share', 'ch_1', ''],
    [event('application_fee.refunded', { id: 'fee_1', object: 'application_fee', charge: 'ch_1' }), 'fee', 'ch_1', ''],
    [
      event('radar.early_fraud_warning.created', {
        id: 'issfr_1',
        object: 'radar.early_fraud_warning',
        charge: 'ch_1',
      }),
      'warning',
      'ch_1',
      '',
    ],
    [
      event('radar.early_fraud_warning.updated', { id: 'issfr_1', object: 'radar.early_fraud_warning' }),
      'other',
      '',
      '',
    ],
    [event('payout.reconciliation_completed', { id: 'po_1', object: 'payout' }), 'payout', 'po_1', ''],
    [event('setup_intent.succeeded', { object: 'setup_intent' }), 'other', '', ''],
    [event('payout.paid', { id: 'po_1', object: 'payout' }, { account: 'acct_1' }), 'payout', 'po_1', 'acct_1'],
    [event('a.type.of.next.year', { id: 'ch_1', object: 'charge' }), 'other', '', ''],
    [{ ...charge, livemode: true }, 'other', '', ''],
  ];
  for (const [body, type, object, account] of cases) {
    assert.deepEqual(verify(sign(body)), { id: 'evt_1', type, object, account }, JSON.stringify(body));
  }
});

test('while secrets are rotated, either of two signs', () => {
  for (const by of [secret, older]) assert(verify(sign(charge, { by }), [secret, older]));
  const [first, second] = [sign(charge, { by: older }), sign(charge)];
  assert(verify({ raw: first.raw, header: `${first.header},${second.header.split(',')[1]}` }));
});

test('a request that Stripe did not sign within 300 s for this site is refused', () => {
  const { raw, header } = sign(charge);
  const refused: [title: string, request: { raw: Buffer; header: string | string[] | undefined }][] = [
    ['another secret', sign(charge, { by: 'whsec_other' })],
    ['301 s old', sign(charge, { at: after(-301) })],
    ['301 s in the future', sign(charge, { at: after(301) })],
    ['a year in the future', sign(charge, { at: after(365 * 86_400) })],
    ['no header', { raw, header: undefined }],
    ['two headers', { raw, header: [header, header] }],
    ['an empty signature', { raw, header: header.replace(/v1=.*/, 'v1=') }],
    ['no time', { raw, header: header.replace(/^t=[0-9]+,/, '') }],
    ['a time that is no number', { raw, header: header.replace(/^t=/, 't=x') }],
    ['a long header', { raw, header: `${header},v0=${'0'.repeat(1024)}` }],
    ['one more byte', { raw: Buffer.concat([raw, Buffer.from(' ')]), header }],
    ['no JSON', sign(null, { text: 'no json' })],
    ['a list', sign([charge])],
    ['no event', sign(null)],
    ['a thin event', sign({ ...charge, object: 'v2.core.event' })],
    ['an id of another kind', sign({ ...charge, id: 'ch_1' })],
    ['another object', sign({ ...charge, object: 'charge' })],
    ['no id', sign({ ...charge, id: '' })],
    ['a long type', sign({ ...charge, type: 'x'.repeat(101) })],
    ['no type', sign({ ...charge, type: undefined })],
    ['no object', sign({ ...charge, data: undefined })],
  ];
  for (const [title, request] of refused) assert.equal(verify(request), null, title);
  assert.equal(verify({ raw, header }, []), null);
  for (const seconds of [-299, 0, 299]) assert(verify(sign(charge, { at: after(seconds) })), `${seconds} s`);
});

test('the endpoints send exactly the types of the specification, and updates of warnings of fraud', () => {
  const of = (group: string, ends: string) => ends.split(' ').map((end) => `${group}.${end}`);
  const types = [
    ...of('payment_intent', 'succeeded payment_failed processing requires_action canceled'),
    ...of('charge', 'succeeded failed updated refunded refund.updated'),
    ...of('charge.dispute', 'created updated closed funds_withdrawn funds_reinstated'),
    ...of('refund', 'created updated failed'),
    ...of('setup_intent', 'succeeded setup_failed'),
    ...of('checkout.session', 'completed expired async_payment_succeeded async_payment_failed'),
    ...of('payment_method', 'automatically_updated updated detached'),
    ...of('payout', 'created updated paid failed canceled reconciliation_completed'),
    ...of('application_fee', 'created refunded'),
    ...of('account', 'updated application.deauthorized'),
    ...of('customer', 'deleted'),
    ...of('radar.early_fraud_warning', 'created updated'),
  ];
  assert.deepEqual(event_types.toSorted(), types.toSorted());
});
