import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { skipWithoutServer } from '../support/two-nodes.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { runConcurrently } from './concurrent.ts';
import { anyDraw } from './draws.ts';
import { fillBalance, processors } from './outside.ts';
import { newTally } from './run.ts';
import { makeSite } from './site.ts';

const SEED_DEFAULT = 20_261_126;
const seed = Number(process.env['PROOF_SEED'] ?? SEED_DEFAULT);
const LENGTH = 15;

for (const processor of processors)
  describe(`processor ${processor}`, () => {
    let app: TestApp | null = null;
    before(async () => {
      if (skipWithoutServer !== false) return;
      app = await startApp({ processor });
      await fillBalance(app);
    });
    after(() => app?.close());

    test(
      'after four concurrent sequences on shared carts, coupons, seats and charges every rule of money holds',
      {
        skip:
          skipWithoutServer === false ? false : 'concurrent sequences need a PostgreSQL: TEST_DATABASE_URL is not set',
      },
      async (t) => {
        assert(app);
        t.diagnostic(`PROOF_SEED=${seed} (repeats the commands, not their interleaving)`);
        const [drawn = []] = fc.sample(
          fc.array(fc.array(anyDraw, { minLength: LENGTH, maxLength: LENGTH }), { minLength: 4, maxLength: 4 }),
          { seed, numRuns: 1 },
        );
        const tally = newTally();
        await runConcurrently(await makeSite(app), drawn, tally);
        t.diagnostic(`${tally.commands} commands, ${tally.refused} refused`);
      },
    );
  });
