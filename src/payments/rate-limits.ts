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

/** Each is a call to the processor, of which all payers of a site share a number per second. */
export const openIntentLimit: RateLimit = {
  name: 'open-intent',
  max: 10,
  window_s: 60,
  counts: 'Payments and cards to keep that are prepared at the payment processor; further responses have no secret',
  per: 'profile',
  fixed: true,
};

/** Bounds the search for a right key: each attempt asks the processor. */
export const newKeyLimit: RateLimit = {
  name: 'processor-key',
  max: 10,
  window_s: 900,
  counts: 'New keys that the payment processor was asked about',
  per: 'account',
};
