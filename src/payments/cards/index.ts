export { browserKeys } from './browser-keys.ts';
export { forgetCard } from './jobs.ts';
export { limitDeclines } from './limit-declines.ts';
export { type PaymentMethod, savedCard } from './payment-method-store.ts';
export { putCardOnFile } from './put-card-on-file.ts';
export { removeCard, removeCardIn } from './remove-card.ts';
export { cardRoutes } from './routes.ts';
export { saveCard } from './save-card.ts';
export { BrowserKeysSchema } from './schemas.ts';
