import { modeOfKey, PUBLISHABLE_KEY, SECRET_KEY } from '#platform/stripe-keys';
import type { Setting } from './setting.ts';

/** Settings of the payment processor Stripe. */
export const stripeSettings = {
  stripe_secret_key: {
    name: 'STRIPE_SECRET_KEY',
    kind: 'secret',
    default: null,
    description: 'Secret or restricted key of Stripe (`sk_…` or `rk_…`). Required with PROCESSOR=stripe.',
  },
  stripe_publishable_key: {
    name: 'STRIPE_PUBLISHABLE_KEY',
    kind: 'string',
    default: null,
    description: 'Publishable key of the same account and mode (`pk_…`). Required with PROCESSOR=stripe.',
  },
  stripe_webhook_secrets: {
    name: 'STRIPE_WEBHOOK_SECRETS',
    kind: 'secret',
    default: null,
    description:
      'Secret of the endpoint `/api/stripe/postevent` (`whsec_…`), or two separated by a comma while they are rotated.',
  },
  stripe_connect_webhook_secrets: {
    name: 'STRIPE_CONNECT_WEBHOOK_SECRETS',
    kind: 'secret',
    default: null,
    description: 'Likewise for `/api/stripe/postevent/connect`, which takes messages about accounts of providers.',
  },
  stripe_api_url: {
    name: 'STRIPE_API_URL',
    kind: 'url',
    default: null,
    description: 'Address of an emulator of Stripe. Without it, calls go to Stripe.',
  },
  stripe_js_url: {
    name: 'STRIPE_JS_URL',
    kind: 'string',
    default: null,
    description: 'Address of the script of the card form. Default: that of Stripe, or of the emulator.',
  },
  refund_broker_fee: {
    name: 'REFUND_BROKER_FEE',
    kind: 'boolean',
    default: 'true',
    description:
      'A refund at Stripe takes the share of the broker from the broker. Otherwise the provider pays all of it.',
  },
} satisfies Record<string, Setting>;

export interface StripeConfig {
  stripe_secret_key: string | null;
  stripe_publishable_key: string | null;
  stripe_webhook_secrets: string | null;
  stripe_connect_webhook_secrets: string | null;
  stripe_api_url: string | null;
  stripe_js_url: string | null;
  refund_broker_fee: boolean;
}

/** Script of the card form that an emulator serves. */
const EMULATOR_SCRIPT = '/v1/js/stripe.js';

/** Returns the settings of the adapter; null if the site has no keys of Stripe. */
export function readStripeSettings(config: StripeConfig) {
  const { stripe_secret_key: secret_key, stripe_publishable_key: publishable_key, stripe_api_url: api_url } = config;
  if (secret_key === null || publishable_key === null) return null;
  const js_url = config.stripe_js_url ?? (api_url === null ? null : `${api_url}${EMULATOR_SCRIPT}`);
  return { secret_key, publishable_key, api_url, js_url, returns_broker_fee: config.refund_broker_fee };
}

/** Returns the secrets of the endpoints for webhooks. */
export function readWebhookSecrets(config: StripeConfig) {
  return {
    platform: config.stripe_webhook_secrets?.split(',') ?? [],
    connect: config.stripe_connect_webhook_secrets?.split(',') ?? [],
  };
}

const WEBHOOK_SECRETS = /^whsec_[A-Za-z0-9+/=_]{1,200}(,whsec_[A-Za-z0-9+/=_]{1,200})?$/;

/** Returns one line per setting of Stripe that cannot be used. No line has a key in it. Pure. */
export function findInvalidStripeSettings(config: StripeConfig & { processor: string }): string[] {
  const { stripe_secret_key: secret, stripe_publishable_key: publishable, stripe_js_url: js_url } = config;
  const errors: string[] = [];
  for (const [name, key, shape, prefixes] of [
    ['STRIPE_SECRET_KEY', secret, SECRET_KEY, 'sk_test_, sk_live_, rk_test_ or rk_live_'],
    ['STRIPE_PUBLISHABLE_KEY', publishable, PUBLISHABLE_KEY, 'pk_test_ or pk_live_'],
  ] as const) {
    if (key === null && (config.processor === 'stripe' || secret !== publishable))
      errors.push(`${name}: is required to charge cards with Stripe.`);
    if (key !== null && !shape.test(key)) errors.push(`${name}: is not such a key; it begins with ${prefixes}.`);
  }
  const [secret_mode, publishable_mode] = [modeOfKey(secret), modeOfKey(publishable)];
  if (secret_mode !== null && publishable_mode !== null && secret_mode !== publishable_mode)
    errors.push(
      `STRIPE_PUBLISHABLE_KEY: is of ${publishable_mode} mode, and STRIPE_SECRET_KEY of ${secret_mode} mode.`,
    );
  for (const [name, secrets] of [
    ['STRIPE_WEBHOOK_SECRETS', config.stripe_webhook_secrets],
    ['STRIPE_CONNECT_WEBHOOK_SECRETS', config.stripe_connect_webhook_secrets],
  ] as const) {
    if (secrets !== null && !WEBHOOK_SECRETS.test(secrets))
      errors.push(`${name}: must be one or two secrets (whsec_…), separated by a comma, without spaces.`);
    if (secrets !== null && secret === null) errors.push(`${name}: needs STRIPE_SECRET_KEY.`);
  }
  if (js_url !== null && !/^https?:$/.test(URL.parse(js_url)?.protocol ?? ''))
    errors.push('STRIPE_JS_URL: must be an address that starts with http:// or https://.');
  return errors;
}
