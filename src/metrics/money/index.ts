export { readEntriesOfPoint } from './list-entries.ts';
export { entryPointParams, moneyRoutes } from './routes.ts';
export { reportFunds } from './report-funds.ts';
export { reportProviderBalances } from './report-provider-balances.ts';
export { debt_ages, type DebtSeries, posting_series } from './entry-series.ts';
