// Subscriptions that renew automatically.
export { renewSubscriptionsJob } from './jobs.ts';
export type { RenewalConfig, RenewalNeeds } from './renewal-config.ts';
