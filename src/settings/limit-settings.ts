import type { Setting } from './setting.ts';

/** Rate limits. */
export const limitSettings = {
  throttle_factor: {
    name: 'THROTTLE_FACTOR',
    kind: 'integer',
    default: '1',
    min: 1,
    max: 100_000,
    description:
      'Multiplies the rate limits of docs/reference/limits.md that are not fixed; raise it for load tests only.',
  },
  requests_per_minute_max: {
    name: 'REQUESTS_PER_MINUTE_MAX',
    kind: 'integer',
    default: '600',
    min: 10,
    max: 10_000_000,
    description:
      'Requests per minute of one account, or of one network without an account. Sign-in routes, API and pages are counted separately.',
  },
  forwarded_requests_per_minute_max: {
    name: 'FORWARDED_REQUESTS_PER_MINUTE_MAX',
    kind: 'integer',
    default: '0',
    min: 0,
    max: 10_000_000,
    description: 'The same for requests that the gateway forwards; 0 sets no limit.',
  },
} satisfies Record<string, Setting>;

export interface LimitConfig {
  throttle_factor: number;
  requests_per_minute_max: number;
  forwarded_requests_per_minute_max: number;
}
