import { randomInt } from 'node:crypto';

/** Seeds of random ledgers that found a fault once. Each is repeated in every run. */
const failed_seeds: readonly number[] = [];

/** The seed that every run has. */
export const FIXED_SEED = 20_260_310;

/** Seeds of a run: those that failed once, a fixed one and a fresh one. */
export function ledgerSeeds(): number[] {
  return [...failed_seeds, FIXED_SEED, randomInt(1, 2 ** 31 - 1)];
}
