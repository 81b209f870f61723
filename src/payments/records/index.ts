export { closeAttempt, findAttempt, findAttemptByKey, insertAttempt } from './attempt-store.ts';
export { type Attempt, CHARGE_AMOUNT_MAX, chargeMinimum } from './attempt.ts';
export {
  chargesCovering,
  findCharge,
  findChargeById,
  findChargeItems,
  findChargeOfAttempt,
  findDecidedCharges,
  insertCharge,
  insertChargeItems,
  isAnyUnresolved,
  linkChargeItem,
  listUnsettledCharges,
  lockCharge,
  lockChargesOf,
  moveCharge,
  unresolvedChargeOf,
} from './charge-store.ts';
export { type Charge, type ChargeItem, chargeSubject, type ChargeState, settle, type Settlement } from './charge.ts';
export { findChargedLines } from './charged-line-store.ts';
export { emitChargeUpdated } from './emit-charge-updated.ts';
export { readRemainingLines, type RemainingLine } from './line-shares.ts';
export type { Parties } from './parties.ts';
export { refundEntries } from './refund-entries.ts';
export {
  closeRefund,
  findRefundByKey,
  findRefundLines,
  findRefundsOfEntries,
  findSettledRefundLines,
  insertRefund,
  isRefundUnderWay,
  listUnfinishedRefunds,
  promisedFunds,
} from './refund-store.ts';
export { prorateRefund, type Refund, refuseRefund, type Shares } from './refund.ts';
