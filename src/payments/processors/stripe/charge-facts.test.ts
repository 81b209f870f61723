import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stripe } from 'stripe';
import type { Evidence } from '../processor.ts';
import { type DisputeFacts, evidenceOf, readCard, readCharge, readDispute } from './charge-facts.ts';

const unknown: string[] = [];
const onUnknown = (value: string) => void unknown.push(value);

const transaction = (amount: number, fee: number, type = 'stripe_fee') =>
  ({ amount, fee, net: amount - fee, currency: 'usd', fee_details: [{ type, amount: fee }] }) as unknown;
const chargeWith = (more: object) =>
  ({
    status: 'succeeded',
    failure_message: null,
    balance_transaction: transaction(2000, 88),
    ...more,
  }) as Stripe.Charge;
const disputeWith = (status: string, transactions: unknown[]) =>
  ({
    id: 'du_1',
    status,
    amount: 2000,
    currency: 'usd',
    balance_transactions: transactions,
    reason: 'fraudulent',
    created: 1_000,
    evidence_details: { due_by: 2_000 },
  }) as Stripe.Dispute;

const funds = { net: 1912, fee: 88, unit: 'usd' };
const withdrawal = transaction(-2000, 1500);
const open = disputeWith('needs_response', [withdrawal]);
const dispute = {
  key: 'du_1',
  amount: 2000,
  fee_amount: 1500,
  returns_fee: false,
  is_lost: false,
  returned_fee_amount: null,
};

const report = {
  key: 'du_1',
  amount: 2000,
  state: 'open',
  reason: 'fraudulent',
  is_answered: false,
  due_at: new Date(2_000_000),
  opened_at: new Date(1_000_000),
} as const;

test('a charge is booked once its balance transaction exists', () => {
  const cases: [charge: Stripe.Charge, disputes: Stripe.Dispute[], evidence: Evidence][] = [
    [chargeWith({}), [], { state: 'done', funds }],
    [chargeWith({ balance_transaction: null }), [], { state: 'created', is_paid: true }],
    [chargeWith({ balance_transaction: 'txn_1' }), [], { state: 'created', is_paid: true }],
    [chargeWith({ status: 'pending' }), [], { state: 'created' }],
    [chargeWith({ status: 'a_status_of_next_year' }), [], { state: 'created' }],
    [chargeWith({ status: 'failed' }), [], { state: 'failed', detail: 'The payment failed.' }],
    [chargeWith({ status: 'failed', failure_message: 'No account.' }), [], { state: 'failed', detail: 'No account.' }],
    [chargeWith({}), [disputeWith('needs_response', [])], { state: 'done', funds, reports: [report] }],
    [
      chargeWith({}),
      [disputeWith('warning_under_review', [])],
      { state: 'done', funds, reports: [{ ...report, state: 'inquiry', is_answered: true }] },
    ],
    [chargeWith({}), [open], { state: 'done', funds, disputes: [dispute], reports: [report] }],
    [
      chargeWith({}),
      [disputeWith('won', [withdrawal, transaction(2000, 0)])],
      {
        state: 'done',
        funds,
        disputes: [{ ...dispute, returned_fee_amount: 0 }],
        reports: [{ ...report, state: 'won' }],
      },
    ],
    [
      chargeWith({}),
      [disputeWith('won', [withdrawal])],
      { state: 'done', funds, disputes: [dispute], reports: [{ ...report, state: 'won' }] },
    ],
    [
      chargeWith({}),
      [disputeWith('lost', [withdrawal])],
      { state: 'done', funds, disputes: [{ ...dispute, is_lost: true }], reports: [{ ...report, state: 'lost' }] },
    ],
    [
      chargeWith({}),
      [{ ...open, id: 'du_2' }, open],
      {
        state: 'done',
        funds,
        disputes: [dispute, { ...dispute, key: 'du_2' }],
        reports: [report, { ...report, key: 'du_2' }],
      },
    ],
  ];
  for (const [charge, disputes, evidence] of cases) {
    assert.deepEqual(evidenceOf(readCharge(charge, disputes, { account: '', onUnknown }), false), evidence);
  }
  assert.deepEqual(unknown, ['a_status_of_next_year']);
});

test('each status of a dispute has its state, and an unknown one moves nothing', () => {
  const states: [status: string, state: DisputeFacts['state']][] = [
    ['warning_needs_response', 'inquiry'],
    ['warning_under_review', 'inquiry'],
    ['warning_closed', 'closed'],
    ['needs_response', 'open'],
    ['under_review', 'open'],
    ['won', 'won'],
    ['lost', 'lost'],
    ['appeal_under_review', 'lost'],
    ['prevented', 'closed'],
    ['a_status_of_next_year', 'inquiry'],
  ];
  for (const [status, state] of states) assert.equal(readDispute(disputeWith(status, []), onUnknown).state, state);
});

test('a dispute has the amounts that Stripe moved, whether the win returns the fee or not', () => {
  const kept = readDispute(disputeWith('won', [transaction(-2000, 1500), transaction(2000, 0)]), onUnknown);
  assert.deepEqual(
    [kept.withdrawn, kept.reinstated],
    [
      { amount: 2000, fee: 1500 },
      { amount: 2000, fee: 0 },
    ],
  );
  const returned = readDispute(disputeWith('won', [transaction(-2000, 1500), transaction(2000, -1500)]), onUnknown);
  assert.deepEqual(returned.reinstated, { amount: 2000, fee: 1500 });
  const partial = readDispute(disputeWith('needs_response', [transaction(-700, 0)]), onUnknown);
  assert.deepEqual([partial.withdrawn, partial.reinstated], [{ amount: 700, fee: 0 }, null]);
});

test('a payment method without card details has neutral ones', () => {
  const visa = { brand: 'visa', last4: '4242', exp_month: 3, exp_year: 2030, fingerprint: 'f' };
  assert.deepEqual(readCard('card', visa, 'Joe Test'), {
    brand: 'visa',
    last4: '4242',
    exp_date: '2030-03-01',
    card_name: 'Joe Test',
    fingerprint: 'f',
  });
  assert.deepEqual(readCard('us_bank_account', null, null), {
    brand: 'us_bank_account',
    last4: '0000',
    exp_date: '2099-12-01',
    card_name: '',
    fingerprint: null,
  });
});
