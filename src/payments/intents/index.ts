export { claimIntent, findNamedIntent, IntentRefused, namesPayment, usedProblem } from './claim-intent.ts';
export { closeIntent } from './intent-store.ts';
export { openPaymentIntent, openSetupIntent } from './open-intent.ts';
