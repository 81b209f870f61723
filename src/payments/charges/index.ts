export {
  type ChargeFilter,
  countChargesByState,
  findLinesOfCharges,
  listChargeRows,
  readChargeRows,
} from './charge-list-store.ts';
export { type ChargePlace, findChargePlace, providerOf, type PayableLine } from './charge-place.ts';
export { findSourceAgain, findUsableCard } from './choose-card.ts';
export { awaitAction } from './await-action.ts';
export { abandonAttempt, callProcessor, endGivenUp, findOutcome } from './call-processor.ts';
export {
  bookChargeJob,
  cancelPayment,
  finishPayment,
  type OpenPayment,
  settleDisputesJob,
  settlePendingChargesJob,
} from './jobs.ts';
export { findRecentCharges } from './find-recent-charges.ts';
export { sendReceipt } from './send-receipt.ts';
export { presentCharge } from './present-charge.ts';
export type { PlannedLine } from './charge-payment.ts';
export {
  chargeParts,
  closeUnpaidAttempt,
  getRecordedCharge,
  keepChargedCard,
  type NewChargeItem,
  planCharge,
  recordCharge,
} from './record-charge.ts';
export { refreshCharge, retrieveEvidence } from './refresh-charge.ts';
export { type NewAttempt, type PreparedAttempt, prepareAttempt, reserveAttempt } from './reserve-attempt.ts';
export { chargeOfPath } from './charge-of-path.ts';
export { chargeRoutes, chargeRoutesOf2019 } from './routes.ts';
export { ChargeKeyParams, ChargeParams, ChargeSchema } from './schemas.ts';
export {
  findUnpaidSales,
  listSellerCharges,
  readSellerCharges,
  type SellerCharge,
  type UnpaidSale,
} from './seller-charge-store.ts';
export { settleCharge } from './settle-charge.ts';
export { askForFunds } from './settle-pending-charges.ts';
export { getSeenCharge, presentSeenCharge } from './seen-charge.ts';
