import type { RateLimit } from '#platform/security/throttle';

/** Bounds the tries of one card on file, which networks count over a month. */
export const finishDeclineLimit: RateLimit = {
  name: 'finish-decline',
  max: 10,
  window_s: 30 * 86_400,
  counts: 'Declined payments by a link of a dunning mail',
  per: 'link',
  fixed: true,
};

/** Bounds the payments that are begun and given up. */
export const finishLimit: RateLimit = {
  name: 'finish',
  max: 30,
  window_s: 3600,
  counts: 'Payments begun by a link of a dunning mail',
  per: 'link',
};
