export { formatAmount } from './amount.ts';
export type { CardFieldName } from './card-fields.ts';
export { renderChallenge, renderChallengeEnd } from './challenge-page.ts';
export { renderCheckout, type CheckoutView } from './checkout-page.ts';
export { renderConsole, type ConsoleAction, type ConsoleTable } from './console-page.ts';
export { findAsset, makeErrorPage, redirectTo, type PageResponse } from './document.ts';
export { renderFrame } from './frames.ts';
export { renderOnboarding } from './onboarding-page.ts';
export { renderReceipt } from './receipt-page.ts';
