import type { SimulationOptions } from '../../src/simulate/simulation.ts';

/** Seeds of `tollgate simulate` that found a fault once. Each is repeated by `npm run proof` for ever. */
export const failed_seeds: readonly Pick<SimulationOptions, 'seed' | 'subscribers' | 'months' | 'processor'>[] = [
  // The comparison took the negative of an empty account for another value than 0.
  { seed: 4242, subscribers: 5, months: 0.4 },
  // The rule took a period that a pause had moved before it began for time that overlaps. A payment that was returned
  // after its change had been given up left Backlog and Receivable of the subscription open.
  { seed: 20_261_127, subscribers: 150, months: 12 },
  // The rule demanded an empty Backlog of an unpaid period that a sale outside of the site covers.
  { seed: 77, subscribers: 150, months: 12 },
];
