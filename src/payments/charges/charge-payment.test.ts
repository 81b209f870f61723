import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerSubject } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { matchBalances } from './charge-payment.ts';

const payer_id = 7 as ProfileId; // a sample

test('the lines of a charge find what is payable on their subjects in one pass, for any number of lines', () => {
  let reads_count = 0;
  const about = (index: number): { readonly subject: LedgerSubject } => ({
    get subject() {
      reads_count += 1;
      return { kind: 'cpn', id: String(index), part: null };
    },
  });
  const readsFor = (lines_count: number) => {
    reads_count = 0;
    const indexes = Array.from({ length: lines_count }, (_, index) => index);
    const lines = indexes.map((index) =>
      Object.defineProperties({ payer_id }, Object.getOwnPropertyDescriptors(about(index))),
    );
    const payables = indexes.map((index) =>
      Object.defineProperties(
        { profile_id: payer_id, unit: 'usd', amount: index },
        Object.getOwnPropertyDescriptors(about(index)),
      ),
    );
    const matched = matchBalances(lines as never, { payables: payables as never, incomes: payables as never }, 'usd'); // casts: getters that count
    assert.deepEqual(
      matched.map(({ payable, unpaid_income }) => [payable, unpaid_income]),
      indexes.map((index) => [index, index]),
    );
    return reads_count;
  };
  assert.equal(readsFor(2000), readsFor(200) * 10);
});

test('what another profile owes on a subject, or in another unit, is not payable by a line', () => {
  const subject = { kind: 'sub', id: '1', part: null };
  const other = 8 as ProfileId; // a sample
  const payables = [
    { subject, profile_id: other, unit: 'usd', amount: 5 },
    { subject, profile_id: payer_id, unit: 'eur', amount: 6 },
  ];
  assert.deepEqual(matchBalances([{ payer_id, subject }], { payables, incomes: [] }, 'usd'), [
    { payer_id, subject, payable: 0, unpaid_income: 0 },
  ]);
});
