// Grants and requests: subscriptions that wait for the consent of one side.
export { acceptGrant, type PlanSubscription } from './accept-subscription.ts';
export { acceptRequest } from './accept-subscription.ts';
export { type Granted, grantSubscription } from './grant-subscription.ts';
export type { GrantInput } from './schemas.ts';
export { remindOfSubscriptions } from './remind-of-subscriptions.ts';
export { claimWaiting } from './claim-waiting.ts';
export { findTrustedProviders } from './is-trusted-provider.ts';
export { acceptPage } from './page-types.ts';
export { grantPages } from './pages.ts';
export { grantRoutes } from './routes.ts';
