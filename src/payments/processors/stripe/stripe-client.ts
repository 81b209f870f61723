import { Stripe } from 'stripe';
import type { Account } from '../account.ts';
import type { CallPacer } from './keys/call-pacer.ts';

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
  /** False: the broker keeps its share of what is refunded. True when omitted. */
  returns_broker_fee?: boolean;
}

/** True if the objects of a key move real money. */
export function isLiveKey(key: string): boolean {
  return /^(sk|rk|pk)_live_/.test(key);
}

/** Returns a client of HTTP that sends each request when the pacer allows it. */
function pacedClient(pacer: CallPacer): Stripe.HttpClient {
  const client = Stripe.createNodeHttpClient();
  const makeRequest: Stripe.HttpClient['makeRequest'] = async (...request) => {
    const [, , , method, headers] = request;
    const account: unknown = (headers as Record<string, unknown>)['Stripe-Account']; // the package builds the headers
    await pacer.wait(typeof account === 'string' ? account : '', method !== 'GET');
    return client.makeRequest(...request);
  };
  return { getClientName: () => client.getClientName(), makeRequest };
}

/**
 * Makes the client of the platform's account. `app_version` is the version of Tollgate; without a pacer calls are sent
 * at once.
 */
export function makeStripeClient(
  { secret_key, api_url }: StripeSettings,
  app_version: string,
  pacer: CallPacer | null = null,
): Stripe {
  const url = api_url === null ? null : new URL(api_url);
  return new Stripe(secret_key, {
    apiVersion: API_VERSION,
    timeout: CALL_TIMEOUT_MS,
    maxNetworkRetries: RETRIES_MAX,
    telemetry: false,
    ...(pacer === null ? {} : { httpClient: pacedClient(pacer) }),
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
