import { test } from 'node:test';
import { failed_seeds } from './property-seeds.ts';
import { runProperties } from './run-properties.ts';

/** The default suite repeats one seed and those that failed; `npm run proof` draws fresh ones. */
const seeds = new Set([...failed_seeds, Number(process.env['PROOF_SEED'] ?? 20_260_310)]);
const LENGTH = Number(process.env['PROOF_LENGTH'] ?? 90);
/** A seed that failed is repeated in the length in which it failed. */
const SHORT_LENGTH = Number(process.env['PROOF_LENGTH'] ?? 40);

for (const seed of seeds)
  test(`properties 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15 and 16 hold after any commands, seed ${seed}`, async (t) => {
    const { done, refused } = await runProperties(seed, failed_seeds.includes(seed) ? LENGTH : SHORT_LENGTH);
    t.diagnostic(`seed ${seed}: ${[...done].map(([name, n]) => `${name} ${n}`).join(', ')}; ${refused} refused`);
  });
