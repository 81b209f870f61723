import { Stripe } from 'stripe';
import type { Account } from '../account.ts';

/** Version of the API. A literal, so that an upgrade of the package cannot change the shape of answers unnoticed. */
export const API_VERSION = '2026-10-28.endive';

/** Stripe.js of the same release; version and script are raised together. */
export const SCRIPT_URL = 'https://js.stripe.com/endive/stripe.js';

/** One try and one retry take at most 9 + 0.5 + 9 s, less than PROCESSOR_TIMEOUT_MS. */
const CALL_TIMEOUT_MS = 9000;
const RETRIES_MAX = 1;

/** Keys and addresses of an account at Stripe. */
export interface StripeSettings {
  secret_key: string;
  publishable_key: string;
  /** Address of an emulator; null for Stripe. */
  api_url: string | null;
  js_url: string | null;
}

/** Makes the client of the platform's account. `app_version` is the version of Tollgate. */
export function makeStripeClient({ secret_key, api_url }: StripeSettings, app_version: string): Stripe {
  const url = api_url === null ? null : new URL(api_url);
  return new Stripe(secret_key, {
    apiVersion: API_VERSION,
    timeout: CALL_TIMEOUT_MS,
    maxNetworkRetries: RETRIES_MAX,
    telemetry: false,
    appInfo: { name: 'Tollgate', version: app_version },
    ...(url === null
      ? {}
      : {
          host: url.hostname,
          port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port,
          protocol: url.protocol === 'https:' ? ('https' as const) : ('http' as const),
        }),
  });
}

/**
 * Returns the options of a call on an account. The only place that names the account of a call: one that the client had
 * from its construction could not be left out again.
 */
export function callOptions(account: Account, key?: string): Stripe.RequestOptions {
  // The package replaces an absent key with a random one, which protects from nothing.
  if (key === '') throw new Error('a call that writes has an idempotency key');
  return {
    ...(account === '' ? {} : { stripeAccount: account }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
  };
}

/**
 * Returns an answer of the expected kind. The package resolves with any JSON that has no `error`, also with the body of
 * a 500: the outcome of such a call is unknown.
 */
export function requireObject<T extends { object: string; id: string }>(answer: T, kind: T['object']): T {
  const { object, id }: { object: unknown; id: unknown } = answer;
  if (object !== kind || typeof id !== 'string' || id === '')
    throw new Error(`Stripe did not respond with a ${kind}: the outcome is unknown`);
  return answer;
}
