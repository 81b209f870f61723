import type { Setting } from './setting.ts';

const override = (name: string, description: string) =>
  ({ name, kind: 'boolean', default: 'false', description }) satisfies Setting;

/** One switch for each reason why `serve` refuses to start; see unsafe-settings.ts. */
export const overrideSettings = {
  allow_public_development: override(
    'ALLOW_PUBLIC_DEVELOPMENT',
    'Starts development mode or the demo on an address that other machines reach, with /_dev/ open to all of them.',
  ),
  allow_test_processor: override(
    'ALLOW_TEST_PROCESSOR',
    'Starts production with the test processor: made-up cards are accepted and no money moves.',
  ),
  allow_insecure_cookies: override(
    'ALLOW_INSECURE_COOKIES',
    'Starts production without an https BASE_URL: cookies lack Secure and the __Host- prefix.',
  ),
  allow_unreachable_site_email: override(
    'ALLOW_UNREACHABLE_SITE_EMAIL',
    'Starts production without a SITE_EMAIL that receives mail.',
  ),
  allow_raised_limits: override(
    'ALLOW_RAISED_LIMITS',
    'Starts with a THROTTLE_FACTOR above 1 or a REQUESTS_PER_MINUTE_MAX above 60,000.',
  ),
  allow_short_passwords: override('ALLOW_SHORT_PASSWORDS', 'Starts with a PASSWORD_LENGTH_MIN below 8.'),
  allow_any_proxy: override(
    'ALLOW_ANY_PROXY',
    'Starts with TRUSTED_PROXIES so wide that any caller can choose its own address.',
  ),
  allow_test_keys: override(
    'ALLOW_TEST_KEYS',
    'Starts production with test keys of Stripe: test cards are accepted and no money moves.',
  ),
  allow_live_keys: override(
    'ALLOW_LIVE_KEYS',
    'Starts with live keys of Stripe outside production, or with live keys and an emulator.',
  ),
  allow_weak_secret_key: override('ALLOW_WEAK_SECRET_KEY', 'Starts with a SECRET_KEY that can be guessed.'),
} satisfies Record<string, Setting>;

/** True accepts the risk. */
export type OverrideConfig = Record<keyof typeof overrideSettings, boolean>;
