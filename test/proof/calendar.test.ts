import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { runCalendar } from './calendar.ts';
import { makeDraws } from './calendar-draws.ts';

const SEED_DEFAULT = 20_280_229;
const seed = Number(process.env['PROOF_SEED'] ?? SEED_DEFAULT);

test('property 16: two years of subscriptions have the dates, charges and income of their diaries', async (t) => {
  const { instants, compared, moved, operations } = await runCalendar(makeDraws(seed));
  t.diagnostic(`PROOF_SEED=${seed}: ${instants} instants, ${compared} comparisons, ${moved} moves of the clock`);
  t.diagnostic([...operations].map(([name, count]) => `${name} ${count}`).join(', '));
  assert.ok(compared > 1000);
  if (seed !== SEED_DEFAULT) return;
  for (const step of [/^buy while paused$/, /^buy side-\w+ while paused$/])
    assert.ok(
      [...operations.keys()].some((name) => step.test(name)),
      `no step ${step.source}`,
    );
});

test('the diary imports nothing of the product', async () => {
  for (const file of ['diary', 'plan-time', 'earnings']) {
    const text = await readFile(new URL(`model/${file}.ts`, import.meta.url), 'utf8');
    for (const [, from] of text.matchAll(/^import .* from '([^']+)'/gm)) assert.match(from ?? '', /^\.\/[a-z-]+\.ts$/);
  }
});
