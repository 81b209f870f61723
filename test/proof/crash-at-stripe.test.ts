import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crashAtStripe, stripeVerbs } from './crash-at-stripe.ts';

/** Every second point of each verb, from the first or the second one by the seed; `npm run proof` takes all. */
const STEP = 2;
const seed = Number(process.env['PROOF_SEED'] ?? 20_261_127);

describe(
  'a process killed at an await between Stripe and the database leaves one result',
  { concurrency: true },
  () => {
    for (const verb of stripeVerbs) {
      test(`S73: ${verb.name}`, async (t) => {
        const { killed, points } = await crashAtStripe(verb, { first: seed % STEP, step: STEP });
        t.diagnostic(`PROOF_SEED=${seed}: killed at ${killed} of ${points.length} points: ${points.join(', ')}`);
        assert.ok(killed > 2, `${killed} points`);
        assert.ok(
          points.some((point) => point.startsWith('after ')),
          'Stripe was called',
        );
      });
    }
  },
);
