/** The only reader of the environment. docs/reference/configuration.md is generated from `settings`. */

import { refuseForwardedHeader } from '#platform/http/forwardable-header';
import { parseDatabaseUrl } from '#platform/db/database-hosts';
import { overrideSettings } from './override-settings.ts';
import { parseSetting, type Setting } from './setting.ts';
import { networkOfProxy } from './trusted-proxy.ts';
import { type UpstreamConfig, upstreamSettings } from './upstream-settings.ts';

const define = <const T extends Record<string, Setting>>(table: T): T => table;

export const settings = define({
  mode: {
    name: 'TOLLGATE_MODE',
    kind: 'string',
    default: null,
    one_of: ['production', 'development', 'evaluation'],
    description:
      'production: for users. evaluation: to try Tollgate on this computer; loopback addresses only, a banner on every page, e-mails written to the log. development: mail is captured and the /_dev/ pages exist. When left out: production with DATABASE_URL, evaluation without.',
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
      'Scheme and host under which people reach the site; used in links, e-mails and for the flags of cookies. Required in production; derived from HOST and PORT otherwise.',
  },
  allowed_hosts: {
    name: 'ALLOWED_HOSTS',
    kind: 'list',
    default: '',
    description: 'Further host names (with port) under which the site may be reached, separated by commas.',
  },
  trusted_proxies: {
    name: 'TRUSTED_PROXIES',
    kind: 'list',
    default: '',
    description: 'Addresses or CIDR ranges whose X-Forwarded-* headers are believed, separated by commas.',
  },
  database_url: {
    name: 'DATABASE_URL',
    kind: 'secret',
    default: null,
    description:
      'PostgreSQL 15 or newer, as postgres://user@host:port/name; several hosts are separated by commas, and the one that accepts writes is used. Without it an embedded database in DATA_FOLDER.',
  },
  database_connections_max: {
    name: 'DATABASE_CONNECTIONS_MAX',
    kind: 'integer',
    default: '10',
    min: 2,
    max: 500,
    description: 'Connections in the pool of one process.',
  },
  database_statement_ms_max: {
    name: 'DATABASE_STATEMENT_MS_MAX',
    kind: 'integer',
    default: '10000',
    min: 1000,
    max: 600_000,
    description:
      'How long one statement may take on the database server, waits for locks included. The client gives up one second later and closes the connection.',
  },
  stop_delay_ms: {
    name: 'STOP_DELAY_MS',
    kind: 'integer',
    default: '5000',
    min: 0,
    max: 300_000,
    description:
      'After SIGTERM, how long requests are served as before while /readyz responds 503, so that load balancers notice.',
  },
  stop_ms_max: {
    name: 'STOP_MS_MAX',
    kind: 'integer',
    default: '20000',
    min: 0,
    max: 3_600_000,
    description: 'After that, how long requests under way may take before their connections are cut.',
  },
  data_folder: {
    name: 'DATA_FOLDER',
    kind: 'string',
    default: 'data',
    description: 'Folder of the embedded database and of the generated secret key.',
  },
  secret_key: {
    name: 'SECRET_KEY',
    kind: 'secret',
    default: null,
    description:
      'At least 32 characters; signs sessions and seals secrets at rest. Generated and kept in DATA_FOLDER when there is no DATABASE_URL; required otherwise.',
  },
  site_slug: {
    name: 'SITE_SLUG',
    kind: 'string',
    default: 'tollgate',
    description: 'Short name of the site and of its broker profile; read at the first start only.',
  },
  site_title: {
    name: 'SITE_TITLE',
    kind: 'string',
    default: 'Tollgate',
    description: 'Name of the site as people read it; read at the first start only.',
  },
  site_email: {
    name: 'SITE_EMAIL',
    kind: 'string',
    default: null,
    description:
      'From address of e-mails. The first start also stores it as the address of the broker and of the first manager. Required in production; operator@tollgate.localhost otherwise.',
  },
  smtp_url: {
    name: 'SMTP_URL',
    kind: 'secret',
    default: null,
    description:
      'smtp:// or smtps:// address of the mail server. Without it e-mails are written to the log in evaluation, kept in memory in development and dropped with a warning in production.',
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
  token_lifetime_s: {
    name: 'TOKEN_LIFETIME_S',
    kind: 'integer',
    default: '1209600',
    min: 60,
    max: 7_776_000,
    description: 'Seconds for which a token or a signed-in browser stays valid.',
  },
  refresh_lifetime_s: {
    name: 'REFRESH_LIFETIME_S',
    kind: 'integer',
    default: '2592000',
    min: 60,
    max: 31_536_000,
    description: 'Seconds after the last login until which a token can be renewed.',
  },
  password_length_min: {
    name: 'PASSWORD_LENGTH_MIN',
    kind: 'integer',
    default: '8',
    min: 4,
    max: 128,
    description: 'Shortest password; 15 is the recommendation where it is the only factor.',
  },
  verification_lifetime_s: {
    name: 'VERIFICATION_LIFETIME_S',
    kind: 'integer',
    default: '86400',
    min: 300,
    max: 2_592_000,
    description: 'Seconds for which a link in an e-mail works.',
  },
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
      'Requests to sign-in routes, to the API and to the pages in a minute, each counted on its own, of one account or of one network without an account.',
  },
  forwarded_requests_per_minute_max: {
    name: 'FORWARDED_REQUESTS_PER_MINUTE_MAX',
    kind: 'integer',
    default: '0',
    min: 0,
    max: 10_000_000,
    description: 'The same for requests that the gateway forwards; 0 sets no limit.',
  },
  terms_required: {
    name: 'TERMS_REQUIRED',
    kind: 'boolean',
    default: 'true',
    description: 'Signed-in people must have agreed to the current terms of use before most operations.',
  },
  provider_grace_days: {
    name: 'PROVIDER_GRACE_DAYS',
    kind: 'integer',
    default: '90',
    min: 0,
    max: 3650,
    description: "Days after a subscription's end during which its provider may still read the subscriber's profile.",
  },
  ...upstreamSettings,
  private_addresses_allowed: {
    name: 'PRIVATE_ADDRESSES_ALLOWED',
    kind: 'boolean',
    default: null,
    description:
      'Allows the entry point to be a loopback, private or link-local address. When left out: true in evaluation mode, where the application runs on the same computer, false otherwise.',
  },
  processor: {
    name: 'PROCESSOR',
    kind: 'string',
    default: 'test',
    one_of: ['test'],
    description: 'Payment processor. The built-in test processor moves no money.',
  },
  ...overrideSettings,
} satisfies Record<string, Setting>);

export interface Config extends UpstreamConfig {
  mode: 'production' | 'development' | 'evaluation';
  host: string;
  port: number;
  base_url: string | null;
  allowed_hosts: string[];
  trusted_proxies: string[];
  database_url: string | null;
  database_connections_max: number;
  database_statement_ms_max: number;
  stop_delay_ms: number;
  stop_ms_max: number;
  data_folder: string;
  secret_key: string | null;
  site_slug: string;
  site_title: string;
  site_email: string;
  smtp_url: string | null;
  log_level: 'silent' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
  body_bytes_max: number;
  body_ms_max: number;
  token_lifetime_s: number;
  refresh_lifetime_s: number;
  password_length_min: number;
  verification_lifetime_s: number;
  throttle_factor: number;
  requests_per_minute_max: number;
  forwarded_requests_per_minute_max: number;
  terms_required: boolean;
  provider_grace_days: number;
  private_addresses_allowed: boolean;
  processor: 'test';
  allow_public_development: boolean;
  allow_test_processor: boolean;
  allow_insecure_cookies: boolean;
  allow_unreachable_site_email: boolean;
  allow_raised_limits: boolean;
  allow_short_passwords: boolean;
  allow_any_proxy: boolean;
  allow_weak_secret_key: boolean;
}

/** In `.localhost`, which never leaves the machine (RFC 6761 §6.3). */
export const EVALUATION_EMAIL = 'operator@tollgate.localhost';

/** One line per bad setting, so that all can be corrected together. */
export class ConfigError extends Error {
  readonly lines: readonly string[];
  constructor(lines: readonly string[]) {
    super(`The configuration cannot be used:\n${lines.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'ConfigError';
    this.lines = lines;
  }
}

/** The environment, with values for what it does not set. */
export function environmentOver(presets: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...presets, ...process.env };
}

/**
 * Reads and checks every setting.
 * @throws ConfigError with one line per bad setting
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  overrides: Partial<Config> = {},
): Config {
  const errors: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries<Setting>(settings)) {
    const text = environment[setting.name];
    const given = text === undefined || text === '' ? setting.default : text;
    const parsed = given === null ? { value: null } : parseSetting(setting, given);
    if ('error' in parsed) errors.push(`${setting.name}: ${parsed.error}`);
    else values[key] = parsed.value;
  }
  if (environment['UPSTREAM_CONNECTIONS_MAX'] !== undefined)
    errors.push('UPSTREAM_CONNECTIONS_MAX: no longer exists; set UPSTREAM_REQUESTS_MAX and UPSTREAM_STREAMS_MAX.');
  const { site_email } = values;
  const mode = values['mode'] ?? ((values['database_url'] ?? null) === null ? 'evaluation' : 'production');
  const derived = {
    mode,
    site_email: site_email ?? EVALUATION_EMAIL,
    private_addresses_allowed: values['private_addresses_allowed'] ?? mode === 'evaluation',
  };
  const config = { ...({ ...values, ...derived } as unknown as Config), ...overrides }; // each key of the table was just parsed by its kind
  if (errors.length === 0) errors.push(...combinedErrors(config));
  if (errors.length > 0) throw new ConfigError(errors);
  return config;
}

/** A host name or address with an optional port, as a Host header gives it. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[-a-z0-9_.]*[a-z0-9_])?)(?::[0-9]{1,5})?$/i;

/** What the kind of a setting cannot express. */
function combinedErrors(config: Config): string[] {
  const errors: string[] = [];
  if (config.secret_key !== null && config.secret_key.length < 32)
    errors.push('SECRET_KEY: must have at least 32 characters.');
  if (config.secret_key === null && config.database_url !== null)
    errors.push('SECRET_KEY: is required together with DATABASE_URL.');
  const hosts = config.database_url === null ? null : parseDatabaseUrl(config.database_url);
  if (hosts && 'error' in hosts) errors.push(`DATABASE_URL: ${hosts.error}`);
  if (!/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(config.site_email)) errors.push('SITE_EMAIL: must be one e-mail address.');
  for (const host of config.allowed_hosts)
    if (!HOST.test(host)) errors.push(`ALLOWED_HOSTS: "${host}" is not a host name; wildcards are not supported.`);
  for (const proxy of config.trusted_proxies)
    if (networkOfProxy(proxy) === null)
      errors.push(`TRUSTED_PROXIES: "${proxy}" is not an address, a range such as 10.0.0.0/8, or loopback.`);
  for (const name of config.forwarded_headers) {
    const reason = refuseForwardedHeader(name.toLowerCase());
    if (reason !== null) errors.push(`FORWARDED_HEADERS: ${name} ${reason}.`);
  }
  return errors;
}
