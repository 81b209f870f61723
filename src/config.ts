/** The only reader of the environment. docs/reference/configuration.md is generated from `settings`. */

import { DEFAULT_PROCESSOR, processorNames } from '#payments';
import { type AccountConfig, accountSettings } from './settings/account-settings.ts';
import { type BillingConfig, billingSettings } from './settings/billing-settings.ts';
import { type DatabaseConfig, databaseSettings } from './settings/database-settings.ts';
import { findInvalidSettings } from './settings/invalid-settings.ts';
import { type LimitConfig, limitSettings } from './settings/limit-settings.ts';
import { type OverrideConfig, overrideSettings } from './settings/override-settings.ts';
import { type ServerConfig, serverSettings } from './settings/server-settings.ts';
import { type RenewalConfig, renewalSettings } from './settings/renewal-settings.ts';
import { parseSetting, type Setting } from './settings/setting.ts';
import { type SiteConfig, siteSettings } from './settings/site-settings.ts';
import { type StripeConfig, stripeSettings } from './settings/stripe-settings.ts';
import { type UpstreamConfig, upstreamSettings } from './settings/upstream-settings.ts';

export const settings = {
  ...serverSettings,
  ...databaseSettings,
  ...siteSettings,
  ...accountSettings,
  ...billingSettings,
  ...renewalSettings,
  ...limitSettings,
  ...upstreamSettings,
  processor: {
    name: 'PROCESSOR',
    kind: 'string',
    default: DEFAULT_PROCESSOR,
    one_of: processorNames,
    description: 'Payment processor. The built-in test processor moves no money.',
  },
  ...stripeSettings,
  ...overrideSettings,
} satisfies Record<string, Setting>;

export interface Config
  extends
    ServerConfig,
    DatabaseConfig,
    SiteConfig,
    AccountConfig,
    BillingConfig,
    RenewalConfig,
    LimitConfig,
    UpstreamConfig,
    StripeConfig,
    OverrideConfig {
  processor: string;
}

/** In `.localhost`, which never leaves the machine (RFC 6761 §6.3). */
export const EVALUATION_EMAIL = 'operator@tollgate.localhost';

/** Has one line per invalid setting, so that all can be corrected together. */
export class ConfigError extends Error {
  readonly lines: readonly string[];
  constructor(lines: readonly string[]) {
    super(`The configuration cannot be used:\n${lines.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'ConfigError';
    this.lines = lines;
  }
}

/** Returns the environment, with `presets` for variables that it does not set. */
export function readEnvironment(presets: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...presets, ...process.env };
}

/**
 * Reads and checks every setting.
 *
 * @throws ConfigError with one line per invalid setting
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
  if (errors.length === 0) errors.push(...findInvalidSettings(config));
  if (errors.length > 0) throw new ConfigError(errors);
  return config;
}
