import type { RateLimit } from '#platform/security/throttle';

/** Cards that are tried one after the other until one is accepted are stolen ones. */
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
