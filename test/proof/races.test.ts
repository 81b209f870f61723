import { after, before, describe, test } from 'node:test';
import { processors } from './outside.ts';
import { runRace, startNodes } from './race.ts';
import { races } from './races.ts';

const ROUNDS = { test: 2, stripe: 1 };

for (const processor of processors)
  describe(`processor ${processor}`, () => {
    let close: () => Promise<void>;
    before(async () => {
      close = await startNodes(processor);
    });
    after(() => close());
    for (const race of races)
      test(race.name, () => runRace(race, Number(process.env['PROOF_ROUNDS'] ?? ROUNDS[processor])));
  });
