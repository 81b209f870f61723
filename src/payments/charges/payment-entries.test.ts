import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromSubjectColumns, type NewEntry, type LedgerSubject, subjectText } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { distributeCharge } from './distribution.ts';
import { type PaidLine, paymentEntries } from './payment-entries.ts';
import type { Funds } from '../processors/processor.ts';
import { testProcessorFee } from '../processors/test/test-outcomes.ts';
import { makeSubject } from '../../../test/support/factories/ledger.ts';

const names = ['xia', 'cowork', 'stripe', 'club'] as const;
const idOf = (name: (typeof names)[number]) => (names.indexOf(name) + 1) as ProfileId;
const nameOf = (id: ProfileId) => names[id - 1];

/** The subject of an entry as exports present it. */
const eventIdOf = (entry: NewEntry) => {
  const subject = fromSubjectColumns(entry);
  return subject && subjectText(subject);
};

/** A row in the notation of ledgers: `subject from → to amount` (and what arrived, when it was converted). */
const formatEntry = (entry: NewEntry) =>
  `${eventIdOf(entry)} ${nameOf(entry.orig_profile_id)}:${entry.orig_account} → ` +
  `${nameOf(entry.dest_profile_id)}:${entry.dest_account} ${entry.orig_amount}` +
  (entry.orig_unit === entry.dest_unit ? '' : ` ${entry.orig_unit} ${entry.dest_amount} ${entry.dest_unit}`);

interface Line {
  amount: number;
  broker_fee_percent?: number;
  payable?: number;
  subject?: LedgerSubject;
}

function makePaymentEntries(given: Line[], provider: 'cowork' | 'club' = 'cowork', unit = 'usd', converted?: Funds) {
  const amount = given.reduce((sum, line) => sum + line.amount, 0);
  const fee = testProcessorFee(amount);
  const funds = converted ?? { net: amount - fee, fee, unit };
  const distributions = distributeCharge(
    given.map((line) => ({ amount: line.amount, broker_fee_percent: line.broker_fee_percent ?? 0 })),
    funds,
  );
  const lines = given.map((line, index): PaidLine => {
    const distribution = distributions[index];
    assert(distribution);
    return {
      provider_id: idOf(provider),
      payer_id: idOf('xia'),
      subject: line.subject ?? makeSubject({ id: String(index + 1) }),
      label: 'xia:basic',
      amount: line.amount,
      unpaid_income: 0,
      payable: line.payable ?? line.amount,
      distribution,
    };
  });
  return paymentEntries(
    {
      subject: makeSubject({ kind: 'cha', id: '1' }),
      processor_key: 'ch',
      description: 'Charge ch on credit card of Joe Test (xia)',
      amount,
      unit,
      funds_unit: funds.unit,
    },
    { customer_id: idOf('xia'), processor_id: idOf('stripe'), broker_id: idOf('cowork') },
    lines,
  );
}

test('C2 §2.5 example A: 20.00 paid to the broker itself', () => {
  const { entries, links } = makePaymentEntries([{ amount: 2000 }]);
  assert.deepEqual(entries.map(formatEntry), [
    'cha_1/ xia:Liability → stripe:Funds 2000',
    'sub_1/ xia:Payable → xia:Liability 2000',
    'cha_1/ stripe:Backlog → cowork:Expenses 88',
    'sub_1/ cowork:Backlog → cowork:Receivable 2000',
    'cha_1/ stripe:Funds → cowork:Funds 1912',
  ]);
  assert.deepEqual(
    entries.map(({ description }) => description),
    [
      'Charge ch on credit card of Joe Test (xia)',
      'Keep a balanced ledger',
      'Charge ch processor fee for xia:basic',
      'Charge ch distribution for xia:basic',
      'Charge ch distribution for xia:basic',
    ],
  );
  assert.deepEqual(links, [{ fee: 2, broker_fee: null, distribute: 4 }]);
});

test('C3 §2.5 example B: 179.99 paid to a provider with a broker fee of 10 %', () => {
  const { entries, links } = makePaymentEntries([{ amount: 17999, broker_fee_percent: 1000 }], 'club');
  assert.deepEqual(entries.map(formatEntry), [
    'cha_1/ xia:Liability → stripe:Funds 17999',
    'sub_1/ xia:Payable → xia:Liability 17999',
    'cha_1/ stripe:Backlog → cowork:Expenses 552',
    'cha_1/ cowork:Backlog → club:Expenses 2351',
    'cha_1/ stripe:Funds → cowork:Funds 1799',
    'sub_1/ club:Backlog → club:Receivable 17999',
    'cha_1/ stripe:Funds → club:Funds 15648',
  ]);
  assert.deepEqual(links, [{ fee: 2, broker_fee: 3, distribute: 6 }]);
});

// docs/decisions/0129-processor-fees-are-expenses-of-providers.md
test('a provider without a broker share has the fee of the processor as its expense', () => {
  const { entries, links } = makePaymentEntries([{ amount: 17999 }], 'club');
  assert.deepEqual(entries.map(formatEntry), [
    'cha_1/ xia:Liability → stripe:Funds 17999',
    'sub_1/ xia:Payable → xia:Liability 17999',
    'cha_1/ stripe:Backlog → cowork:Expenses 552',
    'cha_1/ cowork:Backlog → club:Expenses 552',
    'sub_1/ club:Backlog → club:Receivable 17999',
    'cha_1/ stripe:Funds → club:Funds 17447',
  ]);
  assert.deepEqual(links, [{ fee: 2, broker_fee: 3, distribute: 5 }]);
  assert.equal(entries[3]?.description, 'Charge ch processor fee for xia:basic');
});

test('C4 §2.5 example C: two lines without a rounding difference', () => {
  const { entries } = makePaymentEntries([{ amount: 3333 }, { amount: 1667 }]);
  assert.deepEqual(entries.map(formatEntry), [
    'cha_1/ xia:Liability → stripe:Funds 5000',
    'sub_1/ xia:Payable → xia:Liability 3333',
    'cha_1/ stripe:Backlog → cowork:Expenses 117',
    'sub_1/ cowork:Backlog → cowork:Receivable 3333',
    'cha_1/ stripe:Funds → cowork:Funds 3216',
    'sub_2/ xia:Payable → xia:Liability 1667',
    'cha_1/ stripe:Backlog → cowork:Expenses 58',
    'sub_2/ cowork:Backlog → cowork:Receivable 1667',
    'cha_1/ stripe:Funds → cowork:Funds 1609',
  ]);
});

test('C9 §2.17 a charge in cad with funds in usd', () => {
  const { entries } = makePaymentEntries([{ amount: 10000 }], 'cowork', 'cad', { net: 7000, fee: 250, unit: 'usd' });
  assert.deepEqual(entries.map(formatEntry), [
    'cha_1/ xia:Liability → stripe:Funds 10000',
    'sub_1/ xia:Payable → xia:Liability 10000',
    'cha_1/ stripe:Backlog → cowork:Expenses 345 cad 250 usd',
    'sub_1/ cowork:Backlog → cowork:Receivable 7250 usd 10000 cad',
    'cha_1/ stripe:Funds → cowork:Funds 9655 cad 7000 usd',
  ]);
});

test('a charge in cad with funds in usd and a broker fee: the expense of the provider is in usd', () => {
  const { entries } = makePaymentEntries([{ amount: 10000, broker_fee_percent: 1000 }], 'club', 'cad', {
    net: 7000,
    fee: 250,
    unit: 'usd',
  });
  assert.deepEqual(entries.map(formatEntry).slice(2), [
    'cha_1/ stripe:Backlog → cowork:Expenses 345 cad 250 usd',
    'cha_1/ cowork:Backlog → club:Expenses 975',
    'cha_1/ stripe:Funds → cowork:Funds 1000 cad 725 usd',
    'sub_1/ club:Backlog → club:Receivable 7250 usd 10000 cad',
    'cha_1/ stripe:Funds → club:Funds 8655 cad 6275 usd',
  ]);
});

test('the entries of a payment balance in each unit, for any lines and any rate', () => {
  const line = fc.record({
    amount: fc.integer({ min: 1, max: 1_000_000 }),
    broker_fee_percent: fc.integer({ min: 0, max: 10_000 }),
  });
  const rate = fc.record({
    whole: fc.integer({ min: 0, max: 2_000_000 }),
    fee_bps: fc.integer({ min: 0, max: 10_000 }),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), rate, (lines, { whole, fee_bps }) => {
      const fee = Math.floor((whole * fee_bps) / 10_000);
      const { entries } = makePaymentEntries(lines, 'club', 'cad', { net: whole - fee, fee, unit: 'usd' });
      for (const unit of ['cad', 'usd']) {
        const sum = entries.reduce(
          (total, entry) =>
            total +
            (entry.dest_unit === unit ? entry.dest_amount : 0) -
            (entry.orig_unit === unit ? entry.orig_amount : 0),
          0,
        );
        assert.equal(sum, 0, unit);
      }
    }),
  );
});

test('a debt that was recognised before is not booked again', () => {
  const { entries } = makePaymentEntries([{ amount: 3500, payable: 500 }]);
  assert.equal(formatEntry(entries[1] as NewEntry), 'sub_1/ xia:Payable → xia:Liability 500');
  const { entries: none } = makePaymentEntries([{ amount: 3500, payable: 0 }]);
  assert(!none.some(({ orig_account }) => orig_account === 'Payable'));
});

test('two lines of one subject share its Payable balance', () => {
  const { entries } = makePaymentEntries([
    { amount: 1000, subject: makeSubject({ id: '1' }), payable: 1500 },
    { amount: 1000, subject: makeSubject({ id: '1' }), payable: 1500 },
  ]);
  assert.deepEqual(
    entries.filter(({ orig_account }) => orig_account === 'Payable').map(({ dest_amount }) => dest_amount),
    [1000, 500],
  );
});

test('for any payment the processor keeps its fee and the providers get the rest', () => {
  const line = fc.record({
    amount: fc.integer({ min: 50, max: 1_000_000 }),
    broker_fee_percent: fc.integer({ min: 0, max: 10_000 }),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
      const { entries } = makePaymentEntries(lines, 'club');
      const amount = lines.reduce((sum, each) => sum + each.amount, 0);
      const fee = testProcessorFee(amount);
      const held = (name: (typeof names)[number], account: string) =>
        entries.reduce(
          (sum, entry) =>
            sum +
            (entry.dest_profile_id === idOf(name) && entry.dest_account === account ? entry.dest_amount : 0) -
            (entry.orig_profile_id === idOf(name) && entry.orig_account === account ? entry.orig_amount : 0),
          0,
        );
      assert.equal(held('stripe', 'Funds'), fee);
      assert.equal(held('club', 'Funds') + held('cowork', 'Funds'), amount - fee);
      assert.equal(held('xia', 'Liability'), 0);
      assert.equal(held('club', 'Receivable'), amount);
      assert.equal(held('cowork', 'Expenses'), fee);
      assert.equal(held('club', 'Expenses'), fee + held('cowork', 'Funds'));
    }),
  );
});
