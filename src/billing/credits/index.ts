export {
  type CreditLine,
  creditLinesOf,
  type Lot,
  type OpenLot,
  type PlannedUse,
  planUses,
  sumUsesByRank,
} from './lot.ts';
export {
  findOrderUses,
  heldCredit,
  insertLots,
  lockOpenLots,
  type NewLot,
  findOpenLots,
  openLotsLock,
  returnHeldCredit,
  usedCredit,
} from './credit-store.ts';
export {
  creditReturn,
  findUsedCredit,
  type ReturnedCredit,
  returnCredit,
  type UsedOfOrder,
} from './returned-credit.ts';
export { creditRoutes } from './routes.ts';
export { creditPages } from './pages.ts';
export { creditPageTypes } from './page-types.ts';
export { findCreditTotals, findOpenCredit } from './credit-list-store.ts';
export { holdAgain } from './hold-again.ts';
export { type UsedCredit, useEntries } from './credit-entries.ts';
export { type NotableOrder, splitNote } from './credit-note.ts';
export {
  findNotableLines,
  forgivenPart,
  noteCredit,
  notedAmounts,
  type NotedCredit,
  saveNotedCredit,
  type UseOfNewLot,
  type WantedNote,
} from './note-credit.ts';
export { findUnpaidParts } from './unpaid-parts.ts';
export {
  type CreditBesideCharge,
  findCreditOfCharges,
  findCreditOfOrders,
  type PayingCredit,
  sumByLot,
} from './paying-credit-store.ts';
export { creditOfEntries } from './noted-line-store.ts';
