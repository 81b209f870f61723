import type { Stripe } from 'stripe';
import type { Context } from '#platform/context';
import type { CallTimes } from '../../call-times.ts';
import { STRIPE } from '../stripe-needs.ts';

/** A request that had no response: refused, cut or timed out before the headers. */
export interface LostCall {
  method: string;
  path: string;
  headers: Readonly<Record<string, unknown>>;
  took_ms: number;
  error: unknown;
}

/** Records the calls of a client. */
export interface CallRecord {
  onResponse(response: Stripe.ResponseEvent): void;
  onLost(call: LostCall): void;
}

/**
 * Makes the record of calls to Stripe: one line of the log and one value of the metric for each. A line names the
 * objects of the path, and never has a parameter, a body, a card or a key of the account.
 *
 * A request without a response is recorded too; the package may send it once more, with the same key. `took_ms`
 * includes the wait for the turn of the call.
 */
export function makeCallRecord(log: Context['log'], times: CallTimes): CallRecord {
  function record(call: { method: string; path: string; status: number | null; took_ms: number }, facts: object): void {
    const { method, status } = call;
    const took_ms = Math.max(0, Math.round(call.took_ms)); // by a clock that can be set back
    const [path = ''] = call.path.split('?');
    log.info({ event: 'processor_call', processor: STRIPE, method, path, status, took_ms, ...facts }, 'call to Stripe');
    times.add({ processor: STRIPE, method, path: withoutIds(path), status: String(status ?? 'none') }, took_ms);
  }
  return {
    onResponse({ method, path, status, elapsed, request_id, idempotency_key, account }) {
      record({ method, path, status, took_ms: elapsed }, { request_id, idempotency_key, account });
    },
    onLost({ method, path, headers, took_ms, error }) {
      const text = (name: string) => (typeof headers[name] === 'string' ? headers[name] : undefined);
      const facts = { idempotency_key: text('Idempotency-Key'), account: text('Stripe-Account') };
      record({ method, path, status: null, took_ms }, { ...facts, error: codeOf(error) });
    },
  };
}

/** Returns the code of an error of the connection. Its message is not logged: it may name what was sent. */
function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown';
}

/** A part of a path that names an object: all ids of Stripe have a digit or a capital. */
const ID = /[0-9A-Z]/;
const VERSION = /^v[0-9]$/;

/** Returns a path with `:id` for each object, so that the values of the label are few. Pure. */
export function withoutIds(path: string): string {
  return path
    .split('/')
    .map((part) => (ID.test(part) && !VERSION.test(part) ? ':id' : part))
    .join('/');
}
