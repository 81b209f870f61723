import type { RateLimit } from '../../security/throttle.ts';

export const keptPostLimit: RateLimit = {
  name: 'kept-post',
  max: 30,
  window_s: 900,
  counts: 'Forms kept for callers whose session ended',
  per: 'network',
};
