import type { Setting } from './setting.ts';

/** Settings of the HTTP server: mode, addresses, log, bodies, and the time to stop. */
export const serverSettings = {
  mode: {
    name: 'TOLLGATE_MODE',
    kind: 'string',
    default: null,
    one_of: ['production', 'development', 'evaluation'],
    description:
      'production: for users. evaluation: for a trial of Tollgate on this computer; loopback addresses only, a banner on every page, e-mails written to the log. development: mail is captured and the /_dev/ pages exist. When left out: production with DATABASE_URL, evaluation without.',
  },
  host: { name: 'HOST', kind: 'string', default: '127.0.0.1', description: 'Address to listen on.' },
  port: {
    name: 'PORT',
    kind: 'integer',
    default: '8000',
    min: 0,
    max: 65_535,
    description: 'Port to listen on; 0 takes a free one.',
  },
  base_url: {
    name: 'BASE_URL',
    kind: 'url',
    default: null,
    description:
      'Scheme and host of the site; used in links, e-mails and for the flags of cookies. Required in production; derived from HOST and PORT otherwise.',
  },
  allowed_hosts: {
    name: 'ALLOWED_HOSTS',
    kind: 'list',
    default: '',
    description: 'Further host names (with port) of the site, separated by commas.',
  },
  trusted_proxies: {
    name: 'TRUSTED_PROXIES',
    kind: 'list',
    default: '',
    description: 'Addresses or CIDR ranges whose X-Forwarded-* headers are trusted, separated by commas.',
  },
  log_level: {
    name: 'LOG_LEVEL',
    kind: 'string',
    default: 'info',
    one_of: ['silent', 'error', 'warn', 'info', 'debug', 'trace'],
    description: 'Least severe log lines to write.',
  },
  body_bytes_max: {
    name: 'BODY_BYTES_MAX',
    kind: 'integer',
    default: '1048576',
    min: 1024,
    max: 104_857_600,
    description: 'Largest body of a request to the pages and the API; forwarded requests stream without this limit.',
  },
  body_ms_max: {
    name: 'BODY_MS_MAX',
    kind: 'integer',
    default: '60000',
    min: 100,
    max: 3_600_000,
    description:
      'How long the body of a request to the pages and the API may take to arrive; forwarded ones have no limit.',
  },
  stop_delay_ms: {
    name: 'STOP_DELAY_MS',
    kind: 'integer',
    default: '5000',
    min: 0,
    max: 300_000,
    description:
      'After SIGTERM, how long requests are still served while /readyz responds 503, so that load balancers notice.',
  },
  stop_ms_max: {
    name: 'STOP_MS_MAX',
    kind: 'integer',
    default: '20000',
    min: 0,
    max: 3_600_000,
    description: 'How long requests in progress may take after STOP_DELAY_MS before their connections are closed.',
  },
} satisfies Record<string, Setting>;

export interface ServerConfig {
  mode: 'production' | 'development' | 'evaluation';
  host: string;
  port: number;
  base_url: string | null;
  allowed_hosts: string[];
  trusted_proxies: string[];
  log_level: 'silent' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
  body_bytes_max: number;
  body_ms_max: number;
  stop_delay_ms: number;
  stop_ms_max: number;
}
