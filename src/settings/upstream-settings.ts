import type { Setting } from './setting.ts';

/** Settings of the connection between the gateway and the application. */
export const upstreamSettings = {
  upstream_timeout_ms: {
    name: 'UPSTREAM_TIMEOUT_MS',
    kind: 'integer',
    default: '120000',
    min: 100,
    max: 3_600_000,
    description: 'How long the application behind the gateway may take to start its response.',
  },
  upstream_requests_max: {
    name: 'UPSTREAM_REQUESTS_MAX',
    kind: 'integer',
    default: '256',
    min: 1,
    max: 10_000,
    description:
      'Requests that are forwarded to the application concurrently by one process, each on its own connection. One network may use half of them. Streams are counted separately.',
  },
  upstream_requests_per_caller_max: {
    name: 'UPSTREAM_REQUESTS_PER_CALLER_MAX',
    kind: 'integer',
    default: '64',
    min: 1,
    max: 10_000,
    description:
      'Share of one caller in UPSTREAM_REQUESTS_MAX: a signed-in user, or all anonymous callers of one network.',
  },
  upstream_streams_max: {
    name: 'UPSTREAM_STREAMS_MAX',
    kind: 'integer',
    default: '1024',
    min: 1,
    max: 100_000,
    description:
      'WebSockets, event streams and transfers of more than five seconds that are open concurrently. One network may use half of them.',
  },
  upstream_streams_per_caller_max: {
    name: 'UPSTREAM_STREAMS_PER_CALLER_MAX',
    kind: 'integer',
    default: '32',
    min: 1,
    max: 100_000,
    description: 'Share of one caller in UPSTREAM_STREAMS_MAX.',
  },
  upstream_idle_ms: {
    name: 'UPSTREAM_IDLE_MS',
    kind: 'integer',
    default: '60000',
    min: 100,
    max: 3_600_000,
    description:
      'Time in which 1 KiB of the body of a forwarded request must arrive, and in which the body of a response must make progress; otherwise the exchange is ended. Event streams may be silent.',
  },
  upstream_session_bytes_max: {
    name: 'UPSTREAM_SESSION_BYTES_MAX',
    kind: 'integer',
    default: '8192',
    min: 4096,
    max: 65_536,
    description:
      'Largest header that carries the session to the application, encoded. A caller with more profiles is forwarded with those that the request concerns first and `truncated: true`; GET /api/proxy/session/profiles returns all.',
  },
  forwarded_headers: {
    name: 'FORWARDED_HEADERS',
    kind: 'list',
    default: 'x-requested-with,x-csrf-token,x-request-id',
    description:
      'Request headers of callers that reach the application beside the standard ones, separated by commas; signature headers of webhooks belong here. Headers that the gateway sets cannot be listed.',
  },
  private_addresses_allowed: {
    name: 'PRIVATE_ADDRESSES_ALLOWED',
    kind: 'boolean',
    default: null,
    description:
      'Allows the entry point to be a loopback, private or link-local address. When left out: true in evaluation mode, where the application runs on the same computer, false otherwise.',
  },
} satisfies Record<string, Setting>;

export interface UpstreamConfig {
  upstream_timeout_ms: number;
  upstream_requests_max: number;
  upstream_requests_per_caller_max: number;
  upstream_streams_max: number;
  upstream_streams_per_caller_max: number;
  upstream_idle_ms: number;
  upstream_session_bytes_max: number;
  forwarded_headers: string[];
  private_addresses_allowed: boolean;
}
