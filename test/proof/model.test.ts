import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { distribute, feeOf, shareOut, takeFrom } from './model/amounts.ts';
import { addPeriods, extendEnd } from './model/calendar.ts';
import { stripe_terms, test_terms } from './model/terms.ts';

test('the model imports nothing from the product', async () => {
  const folder = new URL('./model/', import.meta.url);
  const names = await readdir(folder);
  assert.ok(names.length > 0);
  for (const name of names) {
    const text = await readFile(new URL(name, folder), 'utf8');
    for (const [, path = ''] of text.matchAll(/from '([^']+)'/g)) assert.match(path, /^\.\/[a-z-]+\.ts$/, name);
  }
});

// spec/billing.md 2.6
test('the fees of the model are those of the table', () => {
  for (const [amount, fee] of [
    [50, 31],
    [500, 45],
    [2000, 88],
    [17_999, 552],
    [97_200, 2849],
  ] as const)
    for (const { fixedFee } of [test_terms, stripe_terms]) assert.equal(feeOf(amount, 'usd', fixedFee('usd')), fee);
  assert.equal(feeOf(123_400, 'jpy', test_terms.fixedFee('jpy')), 6600);
  assert.equal(feeOf(123_400, 'jpy', stripe_terms.fixedFee('jpy')), 3600);
});

// spec/billing.md 2.5, examples B and C
test('the model shares a charge as the examples do', () => {
  assert.deepEqual(distribute([{ amount: 17_999, broker_bps: 1000 }], 'usd', 30), [
    { amount: 17_999, processor: 552, broker: 1799, provider: 15_648 },
  ]);
  const lines = distribute(
    [
      { amount: 3333, broker_bps: 0 },
      { amount: 1667, broker_bps: 0 },
    ],
    'usd',
    30,
  );
  assert.deepEqual(
    lines.map(({ processor, provider }) => [processor, provider]),
    [
      [117, 3216],
      [58, 1609],
    ],
  );
});

test('parts add up, and two refunds of a line take all of it', () => {
  assert.deepEqual(shareOut(100, [1, 1, 1], 'usd'), [34, 33, 33]);
  const [line] = distribute([{ amount: 17_999, broker_bps: 1000 }], 'usd', 30);
  assert(line);
  const first = takeFrom(line, 4000, 'usd');
  assert.equal(first.provider + first.processor + first.broker, 4000);
});

// spec/billing.md 3.1
test('the model counts periods as the table does', () => {
  const at = (day: string) => Date.parse(`${day}T10:00:00Z`);
  assert.equal(addPeriods(at('2024-02-29'), 13, 'monthly'), at('2025-03-29'));
  assert.equal(addPeriods(at('2024-02-29'), 1, 'yearly'), at('2025-02-28'));
  assert.equal(addPeriods(at('2026-01-31'), 2, 'weekly'), at('2026-02-14'));
  assert.equal(extendEnd(at('2026-01-31'), at('2026-02-28'), 1, 'monthly'), at('2026-03-31'));
});
