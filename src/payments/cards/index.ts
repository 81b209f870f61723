export { actionProblem } from './action-problem.ts';
export { browserKeys } from './browser-keys.ts';
export { finishSetup, forgetSetups } from './finish-setup.ts';
export { isUsable } from './card-use.ts';
export { noteDecline } from './note-decline.ts';
export { noteRefusal } from './note-refusal.ts';
export { refreshCard, refreshCustomer } from './follow-card.ts';
export { forgetCardJob, updateCustomersJob } from './jobs.ts';
export { limitDeclines } from './limit-declines.ts';
export {
  type PaymentMethod,
  cardKeyOf,
  findCardsOf,
  findSavedCard,
  findSavedCards,
  fingerprintOnFile,
  fingerprintsOnFile,
  lockPaymentMethod,
  savedCards,
} from './payment-method-store.ts';
export { forgetUnwantedCard, putCardOnFile } from './put-card-on-file.ts';
export { removeCard, deleteSavedCard } from './remove-card.ts';
export { cardRoutes } from './routes.ts';
export { saveCard } from './save-card.ts';
export { BrowserKeysSchema } from './schemas.ts';
