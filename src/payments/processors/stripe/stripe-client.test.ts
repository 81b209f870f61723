import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Stripe } from 'stripe';
import { makeCallTimes } from '../call-times.ts';
import { makeCallRecord } from './keys/call-record.ts';
import { API_VERSION, callOptions, makeStripeClient, requireObject, SCRIPT_URL } from './stripe-client.ts';

test('S1: the version of the API is that of the package, and the script is of the same release', () => {
  assert.equal(API_VERSION, Stripe.API_VERSION);
  const [, release] = API_VERSION.split('.');
  assert.equal(SCRIPT_URL, `https://js.stripe.com/${release}/stripe.js`);
});

test('the client sends every request to the address of an emulator', () => {
  const settings = { secret_key: 'sk_test_x', publishable_key: 'pk_test_x', js_url: null };
  const calls = { pacer: null, record: makeCallRecord(pino({ level: 'silent' }), makeCallTimes()) };
  for (const [api_url, host, port, protocol] of [
    ['http://127.0.0.1:12111', '127.0.0.1', '12111', 'http'],
    ['https://stripe.test', 'stripe.test', 443, 'https'],
    [null, 'api.stripe.com', '443', 'https'],
  ] as const) {
    const client = makeStripeClient({ ...settings, api_url }, '1.0.0', calls);
    const fields = [client.getApiField('host'), String(client.getApiField('port')), client.getApiField('protocol')];
    assert.deepEqual(fields, [host, String(port), protocol]);
    assert.deepEqual([client.getMaxNetworkRetries(), client.getApiField('timeout')], [1, 9000]);
  }
});

test('the options of a call name the account only if it is not the platform, and never an empty key', () => {
  assert.deepEqual(callOptions(''), {});
  assert.deepEqual(callOptions('acct_1', 'key'), { stripeAccount: 'acct_1', idempotencyKey: 'key' });
  assert.throws(() => callOptions('', ''));
});

test('an answer of another shape is an unknown outcome', () => {
  const charge = { object: 'charge', id: 'ch_1' };
  assert.equal(requireObject(charge, 'charge'), charge);
  for (const odd of [{ oops: 1 }, { object: 'charge', id: '' }, { object: 'refund', id: 're_1' }]) {
    assert.throws(() => requireObject(odd as typeof charge, 'charge'), { message: /outcome is unknown/ });
  }
});
