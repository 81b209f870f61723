import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CreditId, ProfileId } from '#platform/db/db-schema';
import { type CreditLine, creditLinesOf, type OpenLot, planUses, sumUsesByRank } from './lot.ts';

const [cowork, club, xia, bob] = [1, 2, 3, 4] as ProfileId[];
assert(cowork && club && xia && bob);

const lot = (id: number, balance: number, more: Partial<OpenLot> = {}): OpenLot => ({
  id: id as CreditId,
  provider_id: cowork,
  unit: 'usd',
  balance,
  is_refundable: false,
  created_at: new Date('2026-01-01T00:00:00Z'),
  ...more,
});
const line = (rank: number, amount: number, more: Partial<CreditLine> = {}): CreditLine => ({
  rank,
  provider_id: cowork,
  unit: 'usd',
  amount,
  ...more,
});
const usesOf = (lots: OpenLot[], lines: CreditLine[]) =>
  planUses(lots, lines).map(({ credit_id, rank, amount }) => [credit_id, rank, amount]);

test('V26 the first lot pays the first line, the second one the rest of it and the next line', () => {
  assert.deepEqual(usesOf([lot(1, 300), lot(2, 5000)], [line(0, 2000), line(1, 1000)]), [
    [1, 0, 300],
    [2, 0, 1700],
    [2, 1, 1000],
  ]);
});

test('lots that cannot be paid out are used first, then the oldest, then the lowest number', () => {
  const later = new Date('2026-02-01T00:00:00Z');
  const lots = [
    lot(1, 100, { is_refundable: true }),
    lot(4, 100),
    lot(3, 100, { created_at: later }),
    lot(2, 100, { created_at: later }),
  ];
  assert.deepEqual(usesOf(lots, [line(0, 350)]), [
    [4, 0, 100],
    [2, 0, 100],
    [3, 0, 100],
    [1, 0, 50],
  ]);
});

test('V29 a lot pays no line of another provider or in another unit', () => {
  assert.deepEqual(usesOf([lot(1, 5000)], [line(0, 2000, { provider_id: club }), line(1, 2000, { unit: 'cad' })]), []);
});

test('V29 credit pays neither gifts nor seats for others', () => {
  const facts = {
    rank: 0,
    provider_id: cowork,
    unit: 'usd',
    amount: 2000,
    beneficiary_id: xia,
    claim_email: null,
    subject_kind: null,
    subject_id: null,
    subject_part: null,
  };
  assert.deepEqual(creditLinesOf(xia, [facts]), [line(0, 2000)]);
  assert.deepEqual(creditLinesOf(xia, [{ ...facts, beneficiary_id: bob }]), []);
  assert.deepEqual(creditLinesOf(xia, [{ ...facts, beneficiary_id: null, claim_email: 'a@example.com' }]), []);
  assert.deepEqual(creditLinesOf(xia, [{ ...facts, subject_kind: 'cpn', subject_id: 'a' }]), []);
  assert.deepEqual(creditLinesOf(xia, [{ ...facts, amount: 0 }]), []);
});

test('property 7: uses exceed neither a lot nor a line, and stop only when one of both is used up', () => {
  const amounts = fc.array(fc.nat(5000), { maxLength: 6 });
  fc.assert(
    fc.property(amounts, amounts, (balances, prices) => {
      const uses = planUses(
        balances.map((balance, index) => lot(index + 1, balance)),
        prices.map((amount, rank) => line(rank, amount)),
      );
      const byRank = sumUsesByRank(uses);
      const used = uses.reduce((sum, { amount }) => sum + amount, 0);
      const [held, priced] = [balances, prices].map((all) => all.reduce((sum, amount) => sum + amount, 0));
      assert.equal(used, Math.min(held ?? 0, priced ?? 0));
      for (const [rank, amount] of byRank) assert(amount <= (prices[rank] ?? 0));
      for (const [index, balance] of balances.entries()) {
        const own = uses.filter(({ credit_id }) => credit_id === index + 1);
        assert(own.reduce((sum, { amount }) => sum + amount, 0) <= balance);
      }
    }),
  );
});
