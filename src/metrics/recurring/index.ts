export { readMovements } from './read-movements.ts';
export { sumRevenue } from './recurring-store.ts';
export { movementPointParams, readMovementPoint, recurringRoutes } from './routes.ts';
export { recurring_definition, reportRecurring } from './report-recurring.ts';
