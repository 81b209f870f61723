// Adjustments: what changes an amount due and no processor made.
export {
  adjustmentList,
  findAdjustment,
  findAdjustmentsOfRequest,
  findImports,
  listAdjustmentRows,
  updateReversed,
} from './adjustment-store.ts';
export {
  type Adjustment,
  type AdjustmentKind,
  type DuePart,
  groupParts,
  importEntries,
  offlineEntries,
  reversalEntries,
  takeParts,
  writeOffEntries,
} from './adjustment.ts';
export {
  adjustmentEventKey,
  findOrder,
  invoiceImports,
  makeCheckSubject,
  type NewAdjustment,
  recordAdjustments,
  withUsername,
} from './record-adjustments.ts';
export { addPayables, dueParts, writeOffDue, writeOffText } from './write-off.ts';
