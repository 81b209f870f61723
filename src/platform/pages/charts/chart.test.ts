import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { csvCell } from '../lists/csv-cell.ts';
import { csvOfChart } from './chart-csv.ts';
import type { ChartSpec } from './chart.ts';
import { drawChart } from './draw-chart.ts';
import { presentChart } from './present-chart.ts';

const reader = { locale: 'en-US', timezone: 'UTC' };
const months = (count: number) => Array.from({ length: count + 1 }, (_, month) => new Date(Date.UTC(2025, 10 + month)));

function flow(values: readonly (number | null)[], given: Partial<ChartSpec> = {}): ChartSpec {
  return {
    id: 'income',
    title: 'Money in',
    kind: 'flow',
    period: 'month',
    bounds: months(values.length),
    is_running: false,
    series: [{ role: 'payments', label: 'Payments', values }],
    amounts: { kind: 'money', unit: 'usd' },
    empty: 'No payments yet',
    ...given,
  };
}

const amount = fc.maxSafeInteger();
const values = fc.array(fc.option(amount), { maxLength: 60 });

test('every bar, line and point of any amounts stands inside the picture', () => {
  fc.assert(
    fc.property(values, fc.constantFrom('flow', 'balance'), fc.boolean(), (list, kind, is_running) => {
      const { bars, lines, points, width, height, ticks, zero_y } = drawChart(flow(list, { kind, is_running }));
      for (const bar of bars) {
        assert.ok(bar.x >= 0 && bar.x + bar.width <= width && bar.width > 0);
        assert.ok(bar.y >= -1.5 && bar.y + bar.height <= height + 1.5 && bar.height > 0);
      }
      for (const { path } of [...lines, ...points]) assert.doesNotMatch(path, /NaN|Infinity|e/);
      assert.equal(ticks[0]?.y, 0);
      assert.equal(ticks.at(-1)?.y, height);
      assert.ok(ticks.some(({ y }) => y === zero_y));
    }),
  );
});

test('ticks are whole, at equal distances, few, and contain every value', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -10_000_000, max: 10_000_000 }), { minLength: 1, maxLength: 24 }),
      fc.constantFrom('usd', 'jpy'),
      (list, unit) => {
        const ticks = drawChart(flow(list, { amounts: { kind: 'money', unit } })).ticks.map(({ value }) => value);
        const distances = ticks.slice(1).map((tick, index) => (ticks[index] ?? 0) - tick);
        assert.ok(ticks.length >= 3 && ticks.length <= 9, ticks.join(' '));
        assert.equal(new Set(distances).size, 1);
        assert.ok(ticks.every((tick) => tick % (unit === 'jpy' ? 100 : 1) === 0));
        assert.ok(Math.max(...ticks) >= Math.max(...list) && Math.min(...ticks) <= Math.min(...list));
      },
    ),
  );
});

test('the same values give the same picture', () => {
  const spec = flow([421_000, -5_900, null, 724_908], { is_running: true });
  assert.deepEqual(presentChart(spec, reader), presentChart(structuredClone(spec), reader));
});

test('the sentence names span, lowest, highest and latest, and that the last period is not over', () => {
  const { sentence, running } = presentChart(flow([421_000, 724_908, 594_486], { is_running: true }), reader);
  assert.equal(
    sentence,
    'Money in by month, Nov 2025 to Jan 2026. Payments: lowest $4,210.00 in Nov 2025, highest $7,249.08 in Dec 2025, latest $5,944.86 in Jan 2026 so far. The table below has each value.',
  );
  assert.equal(running, 'Month not over');
});

test('a single value is one bar and one short sentence', () => {
  const chart = presentChart(flow([5400]), reader);
  assert.equal(chart.bars.length, 1);
  assert.equal(chart.sentence, 'Money in, Nov 2025. Payments: $54.00 in Nov 2025. The table below has each value.');
});

test('the table and the picture have the same values, with the sum of the series', () => {
  const spec = flow([421_000, 438_897], {
    is_running: true,
    total: 'Net',
    series: [
      { role: 'payments', label: 'Payments', values: [421_000, 438_897] },
      { role: 'losses', label: 'Refunds', values: [null, -5_900] },
    ],
  });
  assert.deepEqual(presentChart(spec, reader).table, {
    caption: 'Money in, by month',
    head: ['Month', 'Payments', 'Refunds', 'Net'],
    rows: [
      { name: 'Nov 2025', cells: ['$4,210.00', '–', '$4,210.00'] },
      { name: 'Dec 2025, so far', cells: ['$4,388.97', '−$59.00', '$4,329.97'] },
    ],
  });
});

test('a flow of zeros and a chart without values say that there is nothing yet; a balance of zero is a value', () => {
  for (const spec of [flow([0, 0, 0]), flow([]), flow([null, null])]) {
    const chart = presentChart(spec, reader);
    assert.equal(chart.empty, 'No payments yet');
    assert.match(chart.sentence, /: No payments yet\.$/);
    assert.deepEqual([chart.bars, chart.running], [[], null]);
    assert.ok(chart.ticks.length >= 3, 'the axes stay');
  }
  const balance = presentChart(flow([0, 0], { kind: 'balance' }), reader);
  assert.equal(balance.empty, null);
  assert.equal(balance.lines.length, 1);
});

test('labels of an axis are as short as their amounts permit', () => {
  const labels = (list: readonly number[], given: Partial<ChartSpec> = {}, locale = 'en-US') =>
    presentChart(flow(list, given), { ...reader, locale }).ticks.map(({ label }) => label);
  assert.deepEqual(labels([724_908]), ['$8,000', '$6,000', '$4,000', '$2,000', '$0']);
  assert.deepEqual(labels([3]), ['$0.04', '$0.03', '$0.02', '$0.01', '$0.00']);
  assert.deepEqual(labels([123_456_789_00]), ['$150M', '$100M', '$50M', '$0']);
  assert.deepEqual(labels([300], { amounts: { kind: 'money', unit: 'jpy' } }), ['¥4', '¥3', '¥2', '¥1', '¥0']);
  assert.deepEqual(labels([2], { amounts: { kind: 'count' } }), ['4', '3', '2', '1', '0']);
  assert.deepEqual(labels([-724_908]), ['$0', '−$2,000', '−$4,000', '−$6,000', '−$8,000']);
});

test('amounts are exact up to the largest safe integer', () => {
  const { table } = presentChart(flow([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]), reader);
  assert.deepEqual(
    table.rows.map(({ cells }) => cells[0]),
    ['$90,071,992,547,409.91', '−$90,071,992,547,409.91'],
  );
});

test('of 60 periods at most 13 have a label, the latest among them', () => {
  const { columns } = presentChart(flow(Array.from({ length: 60 }, (_, index) => index)), reader);
  const labelled = columns.filter(({ label }) => label !== null);
  assert.equal(columns.length, 60);
  assert.ok(labelled.length <= 13 && labelled.length >= 10);
  assert.equal(columns.at(-1)?.label, 'Oct 2030');
  assert.equal(columns.at(-1)?.is_minor, false);
});

test('a running period is dashed: its bar, and the line that leads to it', () => {
  const bars = drawChart(flow([1, 2, 3], { is_running: true })).bars.map(({ is_running }) => is_running);
  assert.deepEqual(bars, [false, false, true]);
  const { lines } = drawChart(flow([1, 2, 3], { kind: 'balance', is_running: true }));
  assert.deepEqual(
    lines.map(({ is_running }) => is_running),
    [false, true],
  );
});

test('values for other periods than given are a bug', () => {
  assert.throws(() => presentChart(flow([1, 2], { bounds: months(3) }), reader), /2 values for 3 periods/);
  assert.throws(() => presentChart(flow([0.5]), reader), /not an amount/);
});

test('the download of a chart has the values of its table', async () => {
  const spec = flow([421_000, null], {
    series: [
      { role: 'payments', label: 'Payments', values: [421_000, null] },
      { role: 'losses', label: 'Refunds', values: [-5, 0] },
    ],
  });
  const { columns, batches, timezone } = csvOfChart(spec, reader);
  const rows: string[][] = [];
  for await (const batch of batches) {
    for (const row of batch) rows.push(columns.map((column) => csvCell(column, row, timezone)));
  }
  assert.deepEqual(
    columns.map(({ heading }) => heading),
    ['month', 'Payments', 'Refunds'],
  );
  assert.deepEqual(rows, [
    ['Nov 2025', '4210.00', '-0.05'],
    ['Dec 2025', '', '0.00'],
  ]);
});
