import type { RateLimit } from '#platform/security/throttle';

export const contactLimit: RateLimit = {
  name: 'contact',
  max: 5,
  window_s: 3600,
  counts: 'Messages of the contact form',
  per: 'network',
};
