// What is due after an automatic charge: the charge itself, the dunning case of a failed one, its end.
export { isPaying, prepareDue, type ReservedDue, reservedDueParts } from './charge-due.ts';
export { chargeOwing, chargePayers, chargeUnreached, findWaiting } from './charge-owing.ts';
export type { DunningContext } from './dunning-context.ts';
export type { DuePlace } from './dunning-store.ts';
export { changeTerms, loadTerms, type ProviderTerms } from './change-terms.ts';
export { type DunningSettings, type DunningTerms, dunningTerms, type OwnTerms } from './dunning-terms.ts';
export { type Due, dueAt, isChargeable, loadDues } from './load-dues.ts';
export { findPayerStandings, listPayerCases, listProviderCases, type PayerStanding } from './case-list-store.ts';
export { accessEnd, type DunningAttempt, type DunningCase, takesFinishLink } from './dunning-case.ts';
export { closeCasesOfArchived, findCase, findOpenCases, lockOpenCase } from './dunning-store.ts';
export { type CaseFacts, loadCaseFacts } from './present-cases.ts';
export { retryDunning } from './retry-dunning.ts';
export { chargeNewCardJob, endWaitingBalance, newCardSubscriber } from './new-card.ts';
export { noteOutcomes } from './note-outcomes.ts';
export { findOpenRenewalCharge } from './in-flight-store.ts';
export {
  closePaidCases,
  closeSettledCases,
  collectAgain,
  collectDue,
  collectReserved,
  reviewCases,
} from './review-case.ts';
export { dunningRoutes } from './routes.ts';
