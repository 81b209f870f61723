import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { startApp, type TestApp } from '../support/start-app.ts';
import { add, pay, redeem } from './commands/buy.ts';
import { moveClock } from './commands/subscriptions.ts';
import { anyDraw } from './draws.ts';
import { give, newTally, runSequence } from './run.ts';
import { fillBalance, processors } from './outside.ts';
import { makeSite } from './site.ts';

const SEED_DEFAULT = 20_261_126;
const seed = Number(process.env['PROOF_SEED'] ?? SEED_DEFAULT);
/** Sequences of `npm test`: a lost payment of the emulator costs more time. */
const SEQUENCES = { test: 2, stripe: 1 };
const length = Number(process.env['PROOF_LENGTH'] ?? 20);

for (const processor of processors)
  describe(`processor ${processor}`, () => {
    let app: TestApp;
    before(async () => {
      app = await startApp({ processor });
      await fillBalance(app);
    });
    after(() => app.close());

    test('after each command the site has the balances, subscriptions and coupons of the model', async (t) => {
      t.diagnostic(`PROOF_SEED=${seed}`);
      const tally = newTally();
      await fc.assert(
        fc.asyncProperty(fc.array(anyDraw, { minLength: length, maxLength: length }), async (draws) => {
          await runSequence(await makeSite(app), draws, tally);
        }),
        {
          seed,
          numRuns: Number(process.env['PROOF_SEQUENCES'] ?? SEQUENCES[processor]),
          endOnFailure: process.env['PROOF_SHRINK'] === undefined,
        },
      );
      t.diagnostic(
        `${tally.commands} commands, ${tally.refused} refused; ${[...tally.kinds].map(([kind, n]) => `${kind} ${n}`).join(', ')}`,
      );
    });

    // docs/decisions/0073-orders-keep-what-they-counted.md
    test('a given-up order keeps its redemption for an hour, also over the end of a day', async () => {
      const { site, model } = await makeSite(app);
      const [buyer] = model.buyers;
      const [plan, coupon] = [
        model.plans.find(({ slug }) => slug.startsWith('club')),
        model.coupons.find(({ code }) => code.startsWith('TEN')),
      ];
      assert(buyer && plan && coupon);
      const minutes = Math.floor(model.now / 60_000) % 1440;
      const until_next_night = 2 * 1440 - 10 - minutes; // 23:50 of the next day
      const steps = [
        [add(buyer, plan, 1, null), 4],
        [redeem(buyer, coupon), 4],
        [pay(buyer, 'unreachable'), 3],
        [moveClock(12), 3],
        [moveClock(60), 3],
        [moveClock(1), 4],
        [moveClock(until_next_night - 73), 4],
        [pay(buyer, 'unreachable'), 3],
        // The jobs give the order up at 23:59.
        [moveClock(12), 3],
        [moveClock(57), 3],
        [moveClock(1), 4],
        [pay(buyer, 'accepted'), 3],
      ] as const;
      for (const [command, left] of steps) {
        await give(site, model, command, newTally());
        assert.equal(coupon.left, left, command.text);
      }
    });
  });
