import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Money } from '#kernel/money';
import { accounts } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { exchangeDifferences, exchangeEntries, isExchanged } from './exchange.ts';

const usd = (amount: number): Money => ({ amount, unit: 'usd' });
const eur = (amount: number): Money => ({ amount, unit: 'eur' });

test('S33: the difference is what the processor moved without what is booked, in each unit', () => {
  const cases: [booked: Money[], moved: Money[], differences: Money[]][] = [
    [[usd(-3500)], [usd(-3400)], [usd(100)]],
    [[usd(-3500)], [usd(-3600)], [usd(-100)]],
    [[usd(3500)], [usd(3600)], [usd(100)]],
    [[usd(-3500)], [usd(-3500)], []],
    // The account settles in another currency since.
    [[usd(-3500)], [eur(-3000)], [eur(-3000), usd(3500)]],
    [[], [usd(-2720), usd(3000)], [usd(280)]],
  ];
  for (const [booked, moved, differences] of cases)
    assert.deepEqual(exchangeDifferences({ booked, moved }), differences);
});

test('S33: providers share a difference by largest remainder, and one cent goes to one of them', () => {
  // Ids of profiles that no table has.
  const [first, second, processor_id] = [1, 2, 3] as ProfileId[];
  assert(first !== undefined && second !== undefined && processor_id !== undefined);
  const bearers = [
    { profile_id: first, amount: 6000 },
    { profile_id: second, amount: 3000 },
    { profile_id: first, amount: 1000 },
  ];
  const facts = { processor_id, account: accounts.refund, subject: { kind: 'cha', id: '1', part: '' } as const };
  const sides = (differences: Money[]) =>
    exchangeEntries(differences, bearers, { ...facts, description: 'Exchange difference for re_1' }).map((entry) => [
      entry.orig_profile_id,
      entry.dest_profile_id,
      entry.dest_amount,
    ]);
  assert.deepEqual(sides([usd(101)]), [
    [processor_id, first, 71],
    [processor_id, second, 30],
  ]);
  assert.deepEqual(sides([usd(-1)]), [[first, processor_id, 1]]);
});

test('S33: a refund in the unit of its charge has no exchange, unless the processor took another unit', () => {
  assert.equal(isExchanged('usd', 'usd', [usd(1), null]), false);
  assert.equal(isExchanged('usd', 'usd', [eur(1)]), true);
  assert.equal(isExchanged('cad', 'usd', [null]), true);
});
