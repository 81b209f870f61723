// Changes of the plan or the quantity of a subscription.
export type { ChangeFacts, ChangeRequest, PlannedChange } from './change.ts';
export { linesOf, planChange } from './plan-change.ts';
