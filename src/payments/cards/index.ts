export { actionProblem } from './action-problem.ts';
export { browserKeys } from './browser-keys.ts';
export { forgetCardJob } from './jobs.ts';
export { limitDeclines } from './limit-declines.ts';
export {
  type PaymentMethod,
  findSavedCard,
  findSavedCards,
  fingerprintOnFile,
  fingerprintsOnFile,
  lockPaymentMethod,
  savedCard,
} from './payment-method-store.ts';
export { putCardOnFile } from './put-card-on-file.ts';
export { removeCard, deleteSavedCard } from './remove-card.ts';
export { cardRoutes } from './routes.ts';
export { saveCard } from './save-card.ts';
export { BrowserKeysSchema } from './schemas.ts';
