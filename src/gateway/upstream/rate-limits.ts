import type { RateLimit } from '#platform/security/throttle';

/** Each test opens a connection to an address that the caller chose. */
export const connectionTestLimit: RateLimit = {
  name: 'connection-test',
  max: 20,
  window_s: 300,
  counts: 'Tests of the connection to the application',
  per: 'site',
};
