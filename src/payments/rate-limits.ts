import type { RateLimit } from '#platform/security/throttle';

/** Bounds card testing: stolen cards are tried in series until one is accepted. */
export const declineLimit: RateLimit = {
  name: 'decline',
  max: 10,
  window_s: 3600,
  counts: 'Cards that the processor declines',
  per: 'account',
};
export const declinePeerLimit: RateLimit = {
  name: 'decline-peer',
  max: 30,
  window_s: 3600,
  counts: 'Cards that the processor declines',
  per: 'network',
};
