import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { resultText } from '../../src/simulate/result-text.ts';
import { simulate, type SimulationResult } from '../../src/simulate/simulate.ts';
import { openTestDatabase } from '../support/database.ts';

async function run(seed: number, subscribers: number, months: number): Promise<SimulationResult> {
  const database = await openTestDatabase();
  try {
    return await simulate(database, { seed, subscribers, months });
  } finally {
    await database.close();
  }
}

test('a business of a fixed seed keeps every rule while the processor and the jobs fail', async () => {
  const result = await run(20_260_310, 30, 1);
  assert.deepEqual(result.broken, [], resultText(result));
  const { totals, faults, actions } = result;
  assert.ok(totals.subscribers >= 20 && totals.charged > 0 && totals.sold > 0, resultText(result));
  assert.ok((faults['job cut'] ?? 0) > 0 && (faults['job twice'] ?? 0) > 0 && (faults['processor down'] ?? 0) > 0);
  assert.ok((actions['buy: done'] ?? 0) >= 20);
});

test('a business of a fresh seed keeps every rule, and the same seed gives the same result', async (t) => {
  const seed = randomInt(1, 2 ** 31 - 1);
  t.diagnostic(`seed ${seed}, 6 subscribers, half a month`);
  const result = await run(seed, 6, 0.5);
  assert.deepEqual(result.broken, [], resultText(result));
  assert.deepEqual(await run(seed, 6, 0.5), result);
});
