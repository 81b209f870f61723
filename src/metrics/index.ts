export { addBalanceLine } from './balances/index.ts';
export { makeMetrics } from './metrics.ts';
