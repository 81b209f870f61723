export { BooksViolation } from './books.ts';
export { closeCoverages, type ClosedCoverage, type Closing } from './close-coverages.ts';
export type { Coverage } from './coverage.ts';
export { type CoverageChoice, findCoverages, updateHolder } from './coverage-store.ts';
export { closeFrozen, freezeCoverages, resumeCoverages } from './freeze-coverages.ts';
export { findFrozen, type FrozenCoverage } from './frozen-store.ts';
export {
  /** @public the proof of recognition compares it with a second program */
  recogniseIncome,
} from './recognise-income.ts';
export { reviveWindows } from './due-store.ts';
export { recogniseIncomeJob } from './jobs.ts';
export { removeSeats, type ReducedCoverage } from './remove-seats.ts';
