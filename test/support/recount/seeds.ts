import { randomInt } from 'node:crypto';

/** Seeds of random ledgers that found a fault once. Each is repeated in every run. */
const failed_seeds: readonly number[] = [];

/** Seeds of a run: those that failed once, a fixed one and a fresh one. */
export function ledgerSeeds(): number[] {
  return [...failed_seeds, 20_260_310, randomInt(1, 2 ** 31 - 1)];
}
