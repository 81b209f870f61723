// Pure rules of changes: what a change of plan or quantity credits, orders, collects and charges.
export type {
  ChangeCaller,
  ChangeFacts,
  ChangeLine,
  ChangeRequest,
  CollectedLine,
  DueOrder,
  HeldLine,
  OrderedLine,
  PlannedChange,
} from './change.ts';
export { changeDirection, offeredMode } from './direction.ts';
export { raisesLaterCharge } from './later-charge.ts';
export { linesOf, planChange } from './plan-change.ts';
export type { EnteredQuota, QuotaRow } from './quotas.ts';
export { type ChangeRefusal, type ChangeState, refuseChange, refuseSeats } from './refuse-change.ts';
