// Subscriptions that renew automatically.
export { endNoticesJob, renewSubscriptionsJob } from './jobs.ts';
export type { RenewalConfig, RenewalNeeds } from './renewal-config.ts';
