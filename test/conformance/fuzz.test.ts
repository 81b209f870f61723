import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFuzz } from './fuzz/run-fuzz.ts';

/** `node test/conformance/fuzz/main.ts --requests 100000 --seed 7` sends more, from another seed. */
const SEED = 20_261_125;

test('no generated request of any caller gets a server error or a refusal without a code', async () => {
  const report = await runFuzz({ seed: SEED, requests_count: 2000 });
  assert.deepEqual(report.faults, []);
  // A run in which the guards refuse every request would prove nothing.
  assert.ok(report.succeeded_count > report.operations_count * 0.4, JSON.stringify(report));
});
