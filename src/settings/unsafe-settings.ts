import { modeOfKey } from '#platform/stripe-keys';
import { movesMoney } from '#payments';
import { isIP } from 'node:net';
import { ConfigError, type Config } from '../config.ts';
import { overrideSettings } from './override-settings.ts';
import { isAnyProxy } from './trusted-proxy.ts';

export interface UnsafeSetting {
  /** Name of the environment variable. */
  setting: string;
  reason: string;
  /** Variable that accepts the risk; null when there is none. */
  override: string | null;
}

type Override = keyof typeof overrideSettings;

/**
 * Returns the settings that disable a defence or set it below its published minimum. Excludes those with an override.
 *
 * Pure. Limits and passwords may be relaxed in development mode on loopback addresses.
 * @see docs/decisions/0032-modes-and-safe-start.md
 */
export function findUnsafeSettings(config: Config): UnsafeSetting[] {
  const found: UnsafeSetting[] = [];
  const add = (setting: string, reason: string, override: Override | null) => {
    if (override === null || !config[override])
      found.push({ setting, reason, override: override === null ? null : overrideSettings[override].name });
  };

  for (const [setting, reached] of findPublicAddresses(config)) {
    if (config.mode === 'development')
      add(
        setting,
        `${reached} is not a loopback address, and development mode shows every e-mail with its links under /_dev/mail.`,
        'allow_public_development',
      );
    if (config.mode === 'evaluation')
      add(
        setting,
        `${reached} is not a loopback address, and evaluation mode is for this computer only; set TOLLGATE_MODE=production to serve others.`,
        null,
      );
  }
  if (config.mode === 'production') addProduction(config, add);
  addStripe(config, add);
  if (config.mode !== 'development' || findPublicAddresses(config).length > 0) addDefences(config, add);
  return found;
}

type Add = (setting: string, reason: string, override: Override | null) => void;

function addProduction(config: Config, add: Add): void {
  if (!movesMoney(config.processor))
    add('PROCESSOR', 'the test processor accepts made-up cards and moves no money.', 'allow_test_processor');
  if (config.base_url === null)
    add(
      'BASE_URL',
      'is not set, so that cookies lack Secure and links in e-mails name the address to listen on; set it to the https address of the site.',
      'allow_insecure_cookies',
    );
  else if (config.base_url.startsWith('http:') && findPublicAddresses(config).length > 0)
    add('BASE_URL', `${config.base_url} is not https, so that cookies lack Secure.`, 'allow_insecure_cookies');
  if (!isReachableEmail(config.site_email))
    add(
      'SITE_EMAIL',
      'is not set to an address that receives mail; it is the From of e-mails and the address of the first manager.',
      'allow_unreachable_site_email',
    );
}

function addStripe(config: Config, add: Add): void {
  const { mode, processor, stripe_secret_key, stripe_api_url } = config;
  if (mode === 'production' && processor === 'stripe' && config.stripe_webhook_secrets === null)
    add('STRIPE_WEBHOOK_SECRETS', 'is not set: disputes and late payments would go unnoticed.', null);
  const key_mode = modeOfKey(stripe_secret_key);
  if (mode === 'production' && key_mode === 'test')
    add('STRIPE_SECRET_KEY', 'is a test key: test cards are accepted and no money moves.', 'allow_test_keys');
  if (mode !== 'production' && key_mode === 'live')
    add('STRIPE_SECRET_KEY', `is a live key, and ${mode} mode would charge real cards.`, 'allow_live_keys');
  if (mode === 'production' && key_mode === 'live' && stripe_api_url !== null)
    add('STRIPE_API_URL', 'would get the live key of Stripe.', 'allow_live_keys');
  if (mode === 'production' && stripe_api_url !== null && !isLoopback(new URL(stripe_api_url).hostname))
    add('STRIPE_API_URL', 'is not a loopback address, and would get the key of Stripe and every payment.', null);
}

function addDefences(config: Config, add: Add): void {
  if (config.throttle_factor > 1)
    add('THROTTLE_FACTOR', `every rate limit is multiplied by ${config.throttle_factor}.`, 'allow_raised_limits');
  if (config.requests_per_minute_max > REQUESTS_PER_MINUTE_MAX)
    add(
      'REQUESTS_PER_MINUTE_MAX',
      `${config.requests_per_minute_max} requests a minute of one caller do not limit a flood; the largest safe value is ${REQUESTS_PER_MINUTE_MAX}.`,
      'allow_raised_limits',
    );
  if (config.password_length_min < PASSWORD_LENGTH_MIN)
    add(
      'PASSWORD_LENGTH_MIN',
      `passwords of ${config.password_length_min} characters are guessed; ${PASSWORD_LENGTH_MIN} is the minimum of NIST SP 800-63B.`,
      'allow_short_passwords',
    );
  const wide = config.trusted_proxies.filter(isAnyProxy);
  if (wide.length > 0)
    add('TRUSTED_PROXIES', `${wide.join(', ')} lets any caller choose its own address.`, 'allow_any_proxy');
  if (config.secret_key !== null && new Set(config.secret_key).size < SECRET_CHARACTERS_MIN)
    add(
      'SECRET_KEY',
      `has fewer than ${SECRET_CHARACTERS_MIN} different characters; draw it, for example with openssl rand -base64 48.`,
      'allow_weak_secret_key',
    );
}

const PASSWORD_LENGTH_MIN = 8;
const REQUESTS_PER_MINUTE_MAX = 60_000;
/** A key of 32 random hexadecimal digits has fewer than 8 different digits with a probability below 1e-6. */
const SECRET_CHARACTERS_MIN = 8;
const DAY_S = 86_400;
const BODY_BYTES_WARNED = 10_485_760;
const BODY_MS_WARNED = 600_000;

/** Returns settings that weaken a defence within its bounds. They are logged at each start and do not prevent it. */
export function findDoubtfulSettings(config: Config): { setting: string; reason: string }[] {
  // oxfmt-ignore
  const table: [boolean, string, string][] = [
    [config.private_addresses_allowed && config.mode === 'production', 'PRIVATE_ADDRESSES_ALLOWED', 'addresses that the site sets may name machines of the private network'],
    [config.smtp_url === null && config.mode === 'production', 'SMTP_URL', 'is not set: every e-mail is dropped, recovery and notices about accounts included'],
    [config.token_lifetime_s > 30 * DAY_S, 'TOKEN_LIFETIME_S', 'a stolen token works for more than 30 days'],
    [config.refresh_lifetime_s > 90 * DAY_S, 'REFRESH_LIFETIME_S', 'a stolen token can be renewed for more than 90 days'],
    [config.verification_lifetime_s > 7 * DAY_S, 'VERIFICATION_LIFETIME_S', 'links in e-mails work for more than 7 days'],
    [config.body_bytes_max > BODY_BYTES_WARNED, 'BODY_BYTES_MAX', 'each request may fill more than 10 MiB of memory'],
    [config.body_ms_max > BODY_MS_WARNED, 'BODY_MS_MAX', 'a slow caller keeps a connection for more than 10 minutes'],
  ];
  return table.flatMap(([is_so, setting, reason]) => (is_so ? [{ setting, reason }] : []));
}

/** @throws ConfigError with one line per unsafe setting */
export function requireSafeSettings(config: Config, unsafe = findUnsafeSettings(config)): void {
  if (unsafe.length === 0) return;
  throw new ConfigError(
    unsafe.map(
      ({ setting, reason, override }) =>
        `${setting}: ${reason}${override === null ? '' : ` Set ${override}=1 to start nevertheless.`}`,
    ),
  );
}

/** Returns the settings that make this process reachable from other machines, each with its address. */
function findPublicAddresses(config: Config): [string, string][] {
  return [
    ...(isLoopback(config.host) ? [] : ([['HOST', config.host]] as [string, string][])),
    ...(config.base_url === null || isLoopback(new URL(config.base_url).hostname)
      ? []
      : ([['BASE_URL', config.base_url]] as [string, string][])),
    ...config.allowed_hosts
      .filter((host) => !isLoopback(host.replace(/:[0-9]+$/, '')))
      .map((host): [string, string] => ['ALLOWED_HOSTS', host]),
  ];
}

/** True for loopback addresses, `localhost` and names below `.localhost`. */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[|\]$/g, '');
  if (isIP(bare) === 4) return bare.startsWith('127.');
  if (isIP(bare) === 6) return /^(?:0{0,4}:){1,7}0{0,3}1$/.test(bare) || bare.startsWith('::ffff:127.');
  return bare === 'localhost' || bare.endsWith('.localhost');
}

/** Domains that never receive mail: RFC 6761, and `localdomain`, the default domain of many hosts. */
const UNREACHABLE = /(?:^|\.)(?:localhost|localdomain|invalid)$/i;

function isReachableEmail(address: string): boolean {
  const domain = address.split('@').at(-1) ?? '';
  return domain.includes('.') && !UNREACHABLE.test(domain);
}
