// Pages that pause, cancel and show the trial of a subscription.
export { subscriptionPageTypes } from './page-types.ts';
export { pausePages } from './pause-pages.ts';
export { stopPages } from './stop-pages.ts';
export { trialPages } from './trial-pages.ts';
