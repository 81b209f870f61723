export { addBalanceLine } from './balances/index.ts';
export { periodSalesReportCreated } from './events.ts';
export { metricsLedgerChecks } from './ledger-checks.ts';
export { makeMetrics } from './metrics.ts';
