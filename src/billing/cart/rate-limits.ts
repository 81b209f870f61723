import type { RateLimit } from '#platform/security/throttle';

/** Limits guesses of codes per cart. `couponPeerLimit` also limits callers that use a new cart for each guess. */
export const couponLimit: RateLimit = {
  name: 'coupon',
  max: 20,
  window_s: 3600,
  counts: 'Coupon codes that apply to nothing',
  per: 'account, or cart of a visitor',
  fixed: true,
};
export const couponPeerLimit: RateLimit = {
  name: 'coupon-peer',
  max: 60,
  window_s: 3600,
  counts: 'Coupon codes that apply to nothing',
  per: 'network',
  fixed: true,
};
export const visitorItemLimit: RateLimit = {
  name: 'visitor-item',
  max: 1000,
  window_s: 3600,
  counts: 'Items that visitors put into carts',
  per: 'network',
  fixed: true,
};
