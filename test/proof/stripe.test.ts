import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultText } from '../../src/simulate/result-text.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { openTestDatabase } from '../support/database.ts';
import { CALENDAR_BEGIN, runCalendar } from './calendar.ts';
import { makeDraws } from './calendar-draws.ts';
import { runProperties } from './run-properties.ts';

/** The suites of time and of a business on the emulator of Stripe; `npm run proof` draws more seeds. */
const seed = Number(process.env['PROOF_SEED'] ?? 20_261_127);
const MONTHS_MS = 120 * 86_400_000;

test('with Stripe, subscriptions have the dates, charges and income of their diaries', async (t) => {
  const { instants, compared } = await runCalendar(makeDraws(seed), {
    processor: 'stripe',
    end: CALENDAR_BEGIN + MONTHS_MS,
  });
  t.diagnostic(`PROOF_SEED=${seed}: ${instants} instants, ${compared} comparisons`);
  assert.ok(compared > 100);
});

test('with Stripe, the properties of changes hold after any commands', async (t) => {
  const { done, refused } = await runProperties(seed, 30, 'stripe');
  t.diagnostic(`seed ${seed}: ${[...done].map(([name, n]) => `${name} ${n}`).join(', ')}; ${refused} refused`);
});

test('with Stripe, a business keeps every rule while calls, responses and messages are lost', async () => {
  const database = await openTestDatabase();
  try {
    const result = await simulate(database, { seed, subscribers: 12, months: 1, processor: 'stripe' });
    assert.deepEqual(result.broken, [], resultText(result));
    assert.ok(result.totals.charged > 0 && result.processor === 'stripe', resultText(result));
  } finally {
    await database.close();
  }
});
