export { BooksViolation } from './books.ts';
export { closeCoverages, type ClosedCoverage, type Closing, recogniseUpTo } from './close-coverages.ts';
export type { Coverage } from './coverage.ts';
export { type CoverageChoice, findCoverages, lockCoverages, updateHolder } from './coverage-store.ts';
export { closeFrozen, freezeCoverages, resumeCoverages } from './freeze-coverages.ts';
export { findFrozen, type FrozenCoverage } from './frozen-store.ts';
export { recogniseIncome, recogniseProfile } from './recognise-income.ts';
export { recogniseIncomeJob } from './jobs.ts';
export { removeSeats, type ReducedCoverage } from './remove-seats.ts';
