import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { enterQuotas, lostUses, type QuotaRow } from './quotas.ts';

const anchor_at = new Date('2026-01-10T10:00:00Z');
const H = new Date('2026-01-25T22:00:00Z');
const terms = { rule: 'accrued', periods: { anchor_at, period_type: 'monthly', period_length: 1 }, at: H } as const;
const requests = (quota: number) => [{ slug: 'requests', quota }];
const row = (quota: number, left: number | null, more: Partial<QuotaRow> = {}): QuotaRow => ({
  entered_at: null,
  uses: [{ slug: 'requests', quota, given: null, left, bought: 0 }],
  ...more,
});

test('V18 the allowance is weighted by time, less the free uses of the period', () => {
  const [pro] = enterQuotas(requests(1000), [row(100, 0)], terms);
  assert.deepEqual(pro, { use: 'requests', before: 0, after: 450, bought: 0 });
  const back = enterQuotas(requests(100), [row(100, 0), row(1000, 450, { entered_at: H })], terms);
  assert.equal(back[0]?.after, 0);
});

test('a restarted period has the whole quota, a change without money the new quota less the uses', () => {
  const rows = [row(100, 40)];
  assert.equal(enterQuotas(requests(1000), rows, { ...terms, rule: 'whole' })[0]?.after, 1000);
  assert.equal(enterQuotas(requests(1000), rows, { ...terms, rule: 'less_uses' })[0]?.after, 940);
  assert.equal(enterQuotas(requests(50), rows, { ...terms, rule: 'less_uses' })[0]?.after, 0);
});

test('uses bought in advance go over by slug, others would lapse', () => {
  const bought = [{ slug: 'requests', quota: 0, given: null, left: null, bought: 7 }];
  assert.equal(enterQuotas(requests(10), [{ entered_at: null, uses: bought }], terms)[0]?.bought, 7);
  assert.deepEqual(lostUses([], bought), [{ use: 'requests', quantity: 7 }]);
  assert.deepEqual(lostUses(requests(1), bought), []);
});

test('property 4: no cycle of plans at one instant gains free uses', () => {
  const quota = fc.option(fc.integer({ min: 0, max: 1000 }));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.array(quota, { maxLength: 4 }),
      fc.nat({ max: 1000 }),
      fc.date({ min: anchor_at, max: new Date('2026-02-10T09:59:59Z'), noInvalidDate: true }),
      (first, others, taken, at) => {
        const left = Math.max(0, first - taken);
        const rows = [row(first, left)];
        for (const each of others) {
          const uses = each === null ? [] : requests(each);
          const entered = enterQuotas(uses, rows, { ...terms, at });
          rows.push({
            entered_at: at,
            uses: uses.map((use, index) => ({ ...use, given: entered[index]?.after ?? 0, left: null, bought: 0 })),
          });
        }
        const [back] = enterQuotas(requests(first), rows, { ...terms, at });
        assert((back?.after ?? 0) <= left);
      },
    ),
  );
});
