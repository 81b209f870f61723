export { addBalanceLine } from './balances/index.ts';
export { periodSalesReportCreated } from './events.ts';
export { makeMetrics } from './metrics.ts';
