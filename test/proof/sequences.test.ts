import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startApp, type TestApp } from '../support/start-app.ts';
import { anyDraw } from './draws.ts';
import { newTally, runSequence } from './run.ts';
import { makeSite } from './site.ts';

const SEED_DEFAULT = 20_261_126;
const seed = Number(process.env['PROOF_SEED'] ?? SEED_DEFAULT);
const sequences = Number(process.env['PROOF_SEQUENCES'] ?? 2);
const length = Number(process.env['PROOF_LENGTH'] ?? 20);

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

test('after each command the site has the balances, subscriptions and coupons of the model', async (t) => {
  t.diagnostic(`PROOF_SEED=${seed}`);
  const tally = newTally();
  await fc.assert(
    fc.asyncProperty(fc.array(anyDraw, { minLength: length, maxLength: length }), async (draws) => {
      await runSequence(await makeSite(app), draws, tally);
    }),
    { seed, numRuns: sequences, endOnFailure: process.env['PROOF_SHRINK'] === undefined },
  );
  t.diagnostic(
    `${tally.commands} commands, ${tally.refused} refused; ${[...tally.kinds].map(([kind, n]) => `${kind} ${n}`).join(', ')}`,
  );
});
