import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countUses, quotaPeriod, renewQuota, type Usage } from './usage.ts';

const period_started_at = new Date('2026-01-01T00:00:00Z');
const fresh = (quota: number): Usage => ({
  expiring_quota: quota,
  rollover_quota: 0,
  used_quantity: 0,
  period_quantity: 0,
  period_started_at,
});
const unlimited = { maximum_limit: null };

test('C8 §3.6 uses are billed only beyond a quota of 100', () => {
  let usage = fresh(100);
  const billed = [60, 50, 5, 0, 100].map((quantity) => {
    const counted = countUses(usage, unlimited, quantity);
    usage = counted.usage;
    return counted.billed_quantity * 15;
  });
  assert.deepEqual(billed, [0, 150, 75, 15, 1500]);
  assert.equal(usage.used_quantity, 216);
});

test('uses bought in advance are counted after the free ones', () => {
  const bought = { ...fresh(10), rollover_quota: 5 };
  const counted = countUses(bought, unlimited, 12);
  assert.deepEqual([counted.billed_quantity, counted.usage.expiring_quota, counted.usage.rollover_quota], [0, 0, 3]);
  assert.equal(countUses(counted.usage, unlimited, 4).billed_quantity, 1);
});

test('the end of the quota is reported once', () => {
  const first = countUses(fresh(10), unlimited, 11);
  assert.ok(first.is_quota_reached);
  assert.ok(!countUses(first.usage, unlimited, 1).is_quota_reached);
  assert.ok(!countUses(fresh(10), unlimited, 10).is_quota_reached);
  assert.ok(!countUses(fresh(0), unlimited, 1).is_quota_reached);
});

test('§3.6 crossing the limit is reported once per plan period', () => {
  const use = { maximum_limit: 100, quota: 10 };
  const crossed: boolean[] = [];
  let usage = fresh(10);
  for (const quantity of [99, 1, 50]) {
    const counted = countUses(usage, use, quantity);
    crossed.push(counted.is_limit_crossed);
    usage = counted.usage;
  }
  assert.deepEqual(crossed, [false, true, false]);
  const later = renewQuota(usage, use, new Date('2026-02-01T00:00:00Z'));
  assert.ok(countUses(later, use, 100).is_limit_crossed);
  assert.ok(!countUses(fresh(0), { maximum_limit: 0 }, 1_000_000).is_limit_crossed);
});

test('the quota is reset when a plan period begins, and not before', () => {
  const used = countUses({ ...fresh(10), rollover_quota: 2 }, unlimited, 8).usage;
  assert.equal(renewQuota(used, { quota: 10 }, period_started_at), used);
  assert.equal(renewQuota(used, { quota: 10 }, new Date('2025-12-01T00:00:00Z')), used);
  const renewed = renewQuota(used, { quota: 20 }, new Date('2026-02-01T00:00:00Z'));
  assert.deepEqual([renewed.expiring_quota, renewed.rollover_quota, renewed.period_quantity], [20, 2, 0]);
  assert.equal(renewed.used_quantity, 8);
});

test('every use is counted as either free, bought in advance or billed', () => {
  const anyUsage = fc.record({ expiring_quota: fc.nat(1000), rollover_quota: fc.nat(1000) });
  fc.assert(
    fc.property(anyUsage, fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 10 }), (quotas, quantities) => {
      let usage: Usage = { ...fresh(0), ...quotas };
      let billed = 0;
      for (const quantity of quantities) {
        const counted = countUses(usage, unlimited, quantity);
        billed += counted.billed_quantity;
        usage = counted.usage;
        assert.ok(usage.expiring_quota >= 0 && usage.rollover_quota >= 0);
      }
      const total = quantities.reduce((left, right) => left + right, 0);
      assert.equal(billed, Math.max(0, total - quotas.expiring_quota - quotas.rollover_quota));
      assert.equal(usage.used_quantity, total);
    }),
  );
});

const day = (text: string) => new Date(`${text}T10:00:00Z`);
const monthly = { period_type: 'monthly', period_length: 1 } as const;

for (const [title, begin, trial_end, at, start] of [
  ['in the first period of a trial', '2026-02-10', '2026-03-13', '2026-02-10', '2026-02-10'],
  ['in the rest of a trial of one period and three days', '2026-02-10', '2026-03-13', '2026-03-12', '2026-02-10'],
  ['in the second period of a long trial', '2026-01-10', '2026-03-11', '2026-02-10', '2026-02-10'],
  ['in the rest of a long trial', '2026-01-10', '2026-03-11', '2026-03-10', '2026-02-10'],
  ['in a trial that is shorter than a period', '2026-01-10', '2026-01-24', '2026-01-23', '2026-01-10'],
  ['in the last whole period of a trial', '2026-01-10', '2026-03-10', '2026-03-09', '2026-02-10'],
  ['after a trial', '2026-02-10', '2026-03-13', '2026-03-13', '2026-03-13'],
] as const)
  test(`free uses are counted ${title} from ${start}`, () => {
    const trial_ends_at = day(trial_end);
    const subscription = { created_at: day(begin), anchor_at: trial_ends_at, trial_ends_at };
    assert.deepEqual(quotaPeriod(subscription, monthly, day(at)).start_at, day(start));
  });

test('without a trial free uses are counted by the periods of the plan', () => {
  const subscription = { created_at: day('2026-01-20'), anchor_at: day('2026-01-10'), trial_ends_at: null };
  const { start_at, ends_at } = quotaPeriod(subscription, monthly, day('2026-01-25'));
  assert.deepEqual([start_at, ends_at], [day('2026-01-10'), day('2026-02-10')]);
});
