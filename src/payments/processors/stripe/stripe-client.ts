import { Stripe } from 'stripe';
import type { Account } from '../account.ts';
import type { CallPacer } from './keys/call-pacer.ts';
import type { CallRecord } from './keys/call-record.ts';

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

/** Returns a client of HTTP that sends each request when the pacer allows it, and records those without a response. */
function watchedClient(pacer: CallPacer | null, record: CallRecord): Stripe.HttpClient {
  const client = Stripe.createNodeHttpClient();
  const makeRequest: Stripe.HttpClient['makeRequest'] = async (...request) => {
    const [, , path, method, sent] = request;
    const headers = sent as Record<string, unknown>; // the package builds the headers
    const account = headers['Stripe-Account'];
    const started_ms = performance.now();
    await pacer?.wait(typeof account === 'string' ? account : '', method !== 'GET');
    try {
      return await client.makeRequest(...request);
    } catch (error) {
      record.onLost({ method, path, headers, took_ms: performance.now() - started_ms, error });
      throw error;
    }
  };
  return { getClientName: () => client.getClientName(), makeRequest };
}

interface Emitter {
  on(event: 'response', listener: (response: Stripe.ResponseEvent) => void): void;
}

/** Calls a listener for each response, also for one that is an error. It has no body. */
export function onResponse(client: Stripe, listener: (response: Stripe.ResponseEvent) => void): void {
  const emitter = client as Pick<Stripe, never> as Emitter; // the package types `on` as any
  emitter.on('response', listener);
}

/** How the calls of a client are sent and recorded. */
export interface Calls {
  /** Null: calls are sent at once. */
  pacer: CallPacer | null;
  record: CallRecord;
}

/** Makes the client of the platform's account. `app_version` is the version of Tollgate. */
export function makeStripeClient(
  { secret_key, api_url }: StripeSettings,
  app_version: string,
  { pacer, record }: Calls,
): Stripe {
  const url = api_url === null ? null : new URL(api_url);
  const client = new Stripe(secret_key, {
    apiVersion: API_VERSION,
    timeout: CALL_TIMEOUT_MS,
    maxNetworkRetries: RETRIES_MAX,
    telemetry: false,
    httpClient: watchedClient(pacer, record),
    appInfo: { name: 'Tollgate', version: app_version },
    ...(url === null
      ? {}
      : {
          host: url.hostname,
          port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port,
          protocol: url.protocol === 'https:' ? ('https' as const) : ('http' as const),
        }),
  });
  onResponse(client, (response) => record.onResponse(response));
  return client;
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
